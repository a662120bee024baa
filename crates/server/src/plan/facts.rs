//! The three facts that severity follows from, as a query gives them.

use domain::SeverityFacts;
use domain::severity::{FunctionalImpact, InformationImpact, Recoverability};
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FactsQuery {
    #[param(value_type = String, example = "medium")]
    pub functional: FunctionalImpact,
    #[param(value_type = String, example = "privacy")]
    pub information: InformationImpact,
    #[param(value_type = String, example = "regular")]
    pub recoverability: Recoverability,
}

impl From<FactsQuery> for SeverityFacts {
    fn from(facts: FactsQuery) -> Self {
        SeverityFacts {
            functional: facts.functional,
            information: facts.information,
            recoverability: facts.recoverability,
        }
    }
}
