//! Reports: `report.json` for programs, `report.html` for people.

mod flags;
mod html;
pub mod ids;
mod timeline;

pub use flags::flags;
pub use html::{ReportLanguage, render_html};
