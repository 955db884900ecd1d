// SPDX-License-Identifier: MPL-2.0
//! What happened to the picture: distances and explained energy (METHOD.md 3).
