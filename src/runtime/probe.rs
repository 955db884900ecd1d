// SPDX-License-Identifier: MPL-2.0
//! Loads a library and asks whether it is ONNX Runtime, before the `ort` crate sees it.
//!
//! The crate asserts what is checked here, and its error hides the loader's (docs/gstreamer.md 3.2, 3.3).

#![expect(
    unsafe_code,
    reason = "a library can only be loaded and questioned through its C interface"
)]

use std::error::Error as _;
use std::ffi::{CStr, OsStr, c_void};
use std::mem::{ManuallyDrop, MaybeUninit};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use libloading::Library;
use ort::sys::{ORT_API_VERSION, OrtApiBase};

use super::elf;

/// A library that is loaded and is ONNX Runtime.
#[derive(Debug)]
pub(super) struct Probed {
    /// Absolute, links resolved: two names of one library give the same.
    pub(super) path: PathBuf,
    /// For instance "1.32.0".
    pub(super) version: String,
}

/// Loads `library` for good and checks it, or says what is wrong with it. A name without a slash is left to the
/// loader's search.
pub(super) fn probe(library: &Path) -> Result<Probed, String> {
    if library.as_os_str().as_bytes().contains(&b'/') {
        elf::check(library)?;
    }
    // SAFETY: loading runs the library's initialisers. The user chose it, or the system's administrator did; no
    // check could make a hostile library safe. The handle is never closed, so no code or data goes away.
    let loaded = unsafe { Library::new(library) }.map_err(|e| match e.source() {
        Some(loader) => loader.to_string(),
        None => e.to_string(),
    })?;
    // Unloading ONNX Runtime crashes at exit (docs/gstreamer.md 3.4).
    let loaded = ManuallyDrop::new(loaded);
    // SAFETY: the symbol, where it exists, is the C function that ONNX Runtime documents under this name.
    let base = unsafe { loaded.get::<unsafe extern "C" fn() -> *const OrtApiBase>(b"OrtGetApiBase\0") }
        .map_err(|_| "it is not ONNX Runtime (it has no OrtGetApiBase)".to_owned())?;
    let path = origin(*base as *const c_void).unwrap_or_else(|| library.to_path_buf());
    let version = version(*base)?;
    Ok(Probed {
        path: std::fs::canonicalize(&path).unwrap_or(path),
        version,
    })
}

/// The file that a function was loaded from.
fn origin(function: *const c_void) -> Option<PathBuf> {
    let mut info = MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: `info` is writable and as large as `dladdr` expects; any address may be asked about.
    let found = unsafe { libc::dladdr(function, info.as_mut_ptr()) } != 0;
    // SAFETY: all-zero bytes are a valid `Dl_info` (null pointers), and `dladdr` leaves valid ones.
    let info = unsafe { info.assume_init() };
    if !found || info.dli_fname.is_null() {
        return None;
    }
    // SAFETY: `dladdr` gives a NUL-terminated name that lives as long as the library, which is never unloaded.
    let name = unsafe { CStr::from_ptr(info.dli_fname) };
    Some(OsStr::from_bytes(name.to_bytes()).into())
}

/// The version, if it offers the interface that the `ort` crate is built for.
fn version(base: unsafe extern "C" fn() -> *const OrtApiBase) -> Result<String, String> {
    // SAFETY: `OrtGetApiBase` takes nothing and returns a pointer to a constant, or null.
    let base = unsafe { base().as_ref() }.ok_or("its OrtGetApiBase returns nothing")?;
    // SAFETY: a function of the interface that never changes; it takes nothing and returns a constant, or null.
    let text = unsafe { (base.GetVersionString)() };
    if text.is_null() {
        return Err("it does not tell its version".to_owned());
    }
    // SAFETY: not null, and documented as a NUL-terminated constant of the library, which is never unloaded.
    let version = unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned();
    let minor = version
        .strip_prefix("1.")
        .and_then(|rest| rest.split('.').next()?.parse::<u32>().ok());
    if minor.is_none_or(|minor| minor < ORT_API_VERSION) {
        return Err(format!(
            "its version is \"{version}\", and 1.{ORT_API_VERSION} or a later 1.x is needed"
        ));
    }
    // SAFETY: a function of the interface that never changes; it only looks a constant up.
    if unsafe { (base.GetApi)(ORT_API_VERSION) }.is_null() {
        return Err(format!(
            "its version {version} does not offer the interface {ORT_API_VERSION}"
        ));
    }
    Ok(version)
}
