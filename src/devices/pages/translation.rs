//! Selection of the texts by language.

use super::{english::ENGLISH, german::GERMAN, texts::Texts};
use crate::html::Language;

impl Texts {
    pub(super) const fn for_language(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::German => &GERMAN,
        }
    }
}
