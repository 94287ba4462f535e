//! Parts that pages are made of. Those of forms are macros in `templates/pages/parts/forms.html`; the style of all is in
//! `assets/parts.css`.
mod abilities;
mod badge;
mod choice;
mod confirm;
mod moment;
mod pager;

pub(super) use abilities::Abilities;
pub(super) use badge::{Badge, Tone};
pub(super) use choice::Choice;
pub(super) use confirm::{Confirm, Tick};
pub(super) use moment::Moment;
pub(super) use pager::Pager;
