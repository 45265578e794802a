//! A stream record in the JSON form that Pipes hands to its target.

use aws_sdk_dynamodbstreams::primitives::{Blob, DateTime};
use aws_sdk_dynamodbstreams::types::{AttributeValue, OperationType, Record, StreamRecord};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

type Item = std::collections::HashMap<String, AttributeValue>;

/// The record as an event, with the stream's ARN that Pipes adds.
pub(super) fn event(record: &Record, stream_arn: &str) -> Value {
    json!({
        "eventID": record.event_id(),
        "eventName": record.event_name().map(OperationType::as_str),
        "eventVersion": record.event_version(),
        "eventSource": record.event_source(),
        "awsRegion": record.aws_region(),
        "dynamodb": record.dynamodb().map(change),
        "eventSourceARN": stream_arn,
    })
}

fn change(change: &StreamRecord) -> Value {
    let fields = [
        (
            "ApproximateCreationDateTime",
            change
                .approximate_creation_date_time()
                .map(DateTime::secs)
                .map(Value::from),
        ),
        ("Keys", change.keys().map(item)),
        ("NewImage", change.new_image().map(item)),
        ("OldImage", change.old_image().map(item)),
        ("SequenceNumber", change.sequence_number().map(Value::from)),
        ("SizeBytes", change.size_bytes().map(Value::from)),
        (
            "StreamViewType",
            change.stream_view_type().map(|view| Value::from(view.as_str())),
        ),
    ];
    fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect::<Map<_, _>>()
        .into()
}

fn item(item: &Item) -> Value {
    item.iter()
        .map(|(name, attribute)| (name.clone(), value(attribute)))
        .collect::<Map<_, _>>()
        .into()
}

fn value(attribute: &AttributeValue) -> Value {
    match attribute {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::Bool(flag) => json!({ "BOOL": flag }),
        AttributeValue::Null(flag) => json!({ "NULL": flag }),
        AttributeValue::M(fields) => json!({ "M": item(fields) }),
        AttributeValue::L(values) => json!({ "L": values.iter().map(value).collect::<Vec<_>>() }),
        AttributeValue::Ss(texts) => json!({ "SS": texts }),
        AttributeValue::Ns(numbers) => json!({ "NS": numbers }),
        AttributeValue::B(bytes) => json!({ "B": base64(bytes) }),
        AttributeValue::Bs(all) => json!({ "BS": all.iter().map(base64).collect::<Vec<_>>() }),
        // A type that the SDK does not know yet cannot be in a table of ours.
        _ => Value::Null,
    }
}

fn base64(bytes: &Blob) -> String {
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_attribute_keeps_its_name_and_its_text() {
        let image = [
            ("s", AttributeValue::S("text".into())),
            ("n", AttributeValue::N("1.50".into())),
            ("bool", AttributeValue::Bool(false)),
            ("null", AttributeValue::Null(true)),
            ("b", AttributeValue::B(Blob::new(*b"abc"))),
            ("ss", AttributeValue::Ss(vec!["a".into(), "b".into()])),
            ("ns", AttributeValue::Ns(vec!["1".into()])),
            ("bs", AttributeValue::Bs(vec![Blob::new(*b"abc")])),
            ("l", AttributeValue::L(vec![AttributeValue::N("1".into())])),
            (
                "m",
                AttributeValue::M(Item::from([("inner".into(), AttributeValue::S("x".into()))])),
            ),
        ];
        let change = StreamRecord::builder()
            .keys("pk", AttributeValue::S("MSP#m".into()))
            .set_new_image(Some(
                image.into_iter().map(|(name, value)| (name.into(), value)).collect(),
            ))
            .sequence_number("100000000000000000001")
            .approximate_creation_date_time(DateTime::from_secs(1_700_000_000))
            .build();
        let record = Record::builder()
            .event_id("e1")
            .event_name(OperationType::Modify)
            .event_source("aws:dynamodb");
        let record = record.dynamodb(change).build();
        let expected = json!({
            "eventID": "e1",
            "eventName": "MODIFY",
            "eventVersion": null,
            "eventSource": "aws:dynamodb",
            "awsRegion": null,
            "dynamodb": {
                "ApproximateCreationDateTime": 1_700_000_000,
                "Keys": { "pk": { "S": "MSP#m" } },
                "NewImage": {
                    "s": { "S": "text" },
                    "n": { "N": "1.50" },
                    "bool": { "BOOL": false },
                    "null": { "NULL": true },
                    "b": { "B": "YWJj" },
                    "ss": { "SS": ["a", "b"] },
                    "ns": { "NS": ["1"] },
                    "bs": { "BS": ["YWJj"] },
                    "l": { "L": [{ "N": "1" }] },
                    "m": { "M": { "inner": { "S": "x" } } }
                },
                "SequenceNumber": "100000000000000000001"
            },
            "eventSourceARN": "arn"
        });
        assert_eq!(event(&record, "arn"), expected);
    }
}
