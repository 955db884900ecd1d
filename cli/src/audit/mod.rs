// SPDX-License-Identifier: MPL-2.0
//! `steerlens audit`: what a classifier reacts to, over many pictures and videos.
//!
//! The authors' protocol at scale (METHOD.md 0): methods are compared at matched image distance; the driver's
//! confidence, the judges' agreement and the explained energy stay three measures; attained is always beside
//! requested; what failed is listed and counted, never dropped.

mod column;
mod page;
mod row;
mod summary;
