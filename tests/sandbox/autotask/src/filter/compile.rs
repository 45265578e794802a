//! Reads a filter, with the server's texts for what it refuses and its silence for what it does not know.

use std::cmp::Ordering::{Equal, Greater, Less};

use serde_json::Value;

use super::condition::{Check, Column, Node, Part, Rules, Set, folded, unpadded};
use super::{Filter, operand, walk::Walk};
use crate::json::property;
use crate::model::{Cell, Kind, Model};

const NO_FILTER: &str = "Value cannot be null.\r\nParameter name: filters";
const OR_LIMIT: usize = 500;
const TOO_MANY_ORS: &str = "Invalid query syntax. Queries are limited to 500 or fewer 'OR' conditions.";
const TOO_MANY_UDFS: &str = "Invalid query syntax. Queries are limited to one user-defined field.";

impl Filter {
    /// The filter for this entity, or the error text for which the server answers 500.
    pub fn compile(model: &Model, filter: Option<&Value>, rules: Rules) -> Result<Self, String> {
        let items = filter.and_then(Value::as_array).ok_or(NO_FILTER)?;
        if items.is_empty() && rules.empty_filter_fails {
            return Err(NO_FILTER.to_owned());
        }
        let mut compiler = Compiler {
            model,
            rules,
            ors: 0,
            udfs: 0,
        };
        let nodes = compiler.group(items)?;
        if compiler.ors > OR_LIMIT {
            return Err(TOO_MANY_ORS.to_owned());
        }
        if compiler.udfs > 1 {
            return Err(TOO_MANY_UDFS.to_owned());
        }
        let (walk, rest) = Walk::take(nodes);
        Ok(Filter {
            walk,
            rest,
            rules,
            hidden: Vec::new(),
        })
    }
}

struct Compiler<'a> {
    model: &'a Model,
    rules: Rules,
    ors: usize,
    udfs: usize,
}

impl Compiler<'_> {
    fn group(&mut self, items: &[Value]) -> Result<Vec<Node>, String> {
        let nodes: Result<Vec<_>, _> = items.iter().map(|item| self.node(item)).collect();
        Ok(nodes?.into_iter().flatten().collect())
    }

    /// None is a condition that the server ignores.
    fn node(&mut self, item: &Value) -> Result<Option<Node>, String> {
        if !item.is_object() {
            return Err(NO_FILTER.to_owned());
        }
        let op = property(item, "op")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_ascii_lowercase();
        let items = property(item, "items")
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        match op.as_str() {
            "and" => Ok(Some(self.group(items)?)
                .filter(|nodes| !nodes.is_empty())
                .map(Node::All)),
            "or" => {
                self.ors += items.len();
                Ok(Some(self.group(items)?)
                    .filter(|nodes| !nodes.is_empty())
                    .map(Node::Any))
            }
            _ => {
                let (column, kind) = self.column(item)?;
                let check = self.check(&op, kind, property(item, "value").unwrap_or(&Value::Null))?;
                Ok(check.map(|check| Node::Test(column, check)))
            }
        }
    }

    fn column(&mut self, item: &Value) -> Result<(Column, Kind), String> {
        let name = property(item, "field").and_then(Value::as_str).unwrap_or_default();
        let unknown = || unknown_field(self.model, name);
        if property(item, "udf") == Some(&Value::Bool(true)) {
            let udf = self.model.udf(name).ok_or_else(unknown)?;
            self.udfs += 1;
            return Ok((Column::Udf(udf), operand::kind_of(self.model.udfs[udf].kind)));
        }
        let index = self.model.field(name).ok_or_else(unknown)?;
        let field = &self.model.fields[index];
        if !field.queryable {
            return Err(format!(
                "Unable to query by {} in the {} Entity",
                field.name, self.model.name
            ));
        }
        Ok((Column::Field(index), field.kind))
    }

    fn check(&mut self, op: &str, kind: Kind, value: &Value) -> Result<Option<Check>, String> {
        let ordered = |relations| move |bound| Check::Ordered(bound, relations);
        match op {
            "exist" => Ok(Some(Check::Exist)),
            "notexist" => Ok(Some(Check::NotExist)),
            "eq" => self.compared(kind, value, Check::Equal),
            "noteq" => self.compared(kind, value, Check::NotEqual),
            "gt" => self.compared(kind, value, ordered([Greater, Greater])),
            "gte" => self.compared(kind, value, ordered([Greater, Equal])),
            "lt" => self.compared(kind, value, ordered([Less, Less])),
            "lte" => self.compared(kind, value, ordered([Less, Equal])),
            "in" | "notin" => self.listed(op == "in", kind, value).map(Some),
            "beginswith" => self.like(Part::Start, value).map(Some),
            "endswith" => self.like(Part::End, value).map(Some),
            "contains" => self.like(Part::Anywhere, value).map(Some),
            // Not refused: the condition falls away and more rows match. Real clients were bitten by `ne`.
            _ => Ok(None),
        }
    }

    fn compared(
        &self,
        kind: Kind,
        value: &Value,
        check: impl FnOnce(Cell<'static>) -> Check,
    ) -> Result<Option<Check>, String> {
        let operand = operand::convert(kind, value)?;
        Ok(Some(operand.map_or(Check::Nothing, |operand| {
            check(unpadded(folded(operand, self.rules)))
        })))
    }

    fn listed(&mut self, wanted: bool, kind: Kind, value: &Value) -> Result<Check, String> {
        let Value::Array(values) = value else {
            return Err(format!(
                "Error converting value {value} to type 'System.Collections.Generic.List'."
            ));
        };
        let mut set = Set::default();
        let mut comparable = true;
        for value in values {
            match operand::convert(kind, value)? {
                Some(operand) => set.insert(unpadded(folded(operand, self.rules))),
                None => comparable = false,
            }
        }
        if wanted {
            self.ors += values.len();
            return Ok(Check::In(set));
        }
        Ok(if comparable { Check::NotIn(set) } else { Check::Nothing })
    }

    fn like(&self, part: Part, value: &Value) -> Result<Check, String> {
        operand::convert(Kind::Text(0), value)?;
        let wanted = operand::as_text(value);
        Ok(Check::Like(
            part,
            if self.rules.case_sensitive {
                wanted
            } else {
                wanted.to_lowercase()
            },
        ))
    }
}

/// The text for a field that the entity does not have, in the client's spelling.
pub fn unknown_field(model: &Model, name: &str) -> String {
    format!("Unable to find {name} in the {} Entity", model.name)
}
