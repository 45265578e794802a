//! Suggestions as they are shown (R23).

use domain::directory::ManagedCompany;
use domain::language::Language;
use domain::suggestion::{Score, Similarity, Suggestion};
use schemars::JsonSchema;
use serde::Serialize;

/// A managed company that may be the same company, with the reasons.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Suggestion")]
pub struct SuggestionView {
    /// The managed company.
    managed_company: ManagedCompany,
    /// How likely it is the same company, from 0 to 99.
    score: Score,
    /// Why it may be the same company.
    reasons: Vec<ReasonView>,
}

/// Why a managed company may be the same company.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SuggestionReason")]
struct ReasonView {
    /// The code of the reason.
    code: Similarity,
    /// The reason as a sentence, in the language of the caller.
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
