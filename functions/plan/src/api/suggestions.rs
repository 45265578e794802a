//! Suggestions as they are shown (R23).

use domain::directory::ManagedCompany;
use domain::language::Language;
use domain::suggestion::{Score, Similarity, Suggestion};
use schemars::JsonSchema;
use serde::Serialize;

/// A managed company that could be meant, with what speaks for it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Suggestion")]
pub struct SuggestionView {
    managed_company: ManagedCompany,
    score: Score,
    reasons: Vec<ReasonView>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SuggestionReason")]
struct ReasonView {
    code: Similarity,
    text: &'static str,
}

pub fn views(suggestions: Vec<Suggestion>, language: Language) -> Vec<SuggestionView> {
    let view = |suggestion: Suggestion| SuggestionView {
        managed_company: suggestion.managed_company,
        score: suggestion.score,
        reasons: suggestion
            .reasons
            .into_iter()
            .map(|code| reason(code, language))
            .collect(),
    };
    suggestions.into_iter().map(view).collect()
}

fn reason(code: Similarity, language: Language) -> ReasonView {
    ReasonView {
        code,
        text: code.text(language),
    }
}
