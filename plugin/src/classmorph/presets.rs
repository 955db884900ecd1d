// SPDX-License-Identifier: MPL-2.0
//! The shipped presets, through the interface #GstPreset, beside those that users save.
#![expect(
    unsafe_code,
    reason = "gstreamer-rs lets a subclass implement the interface, and override none of its functions; files would \
              have to be installed, and a plugin that is one file would not have them"
)]

use std::ffi::{CStr, c_char};
use std::sync::OnceLock;

use gst::ffi::{GstPreset, GstPresetInterface};
use gst::glib::ffi::{GFALSE, GTRUE, gboolean};
use gst::glib::{self, subclass::prelude::*, translate::*};
use steerlens::Preset;

use super::imp::ClassMorph;

/// GStreamer's own functions, which keep users' presets in files.
static DEFAULTS: OnceLock<Defaults> = OnceLock::new();

#[derive(Clone, Copy)]
struct Defaults {
    names: Option<unsafe extern "C" fn(*mut GstPreset) -> *mut *mut c_char>,
    load: Option<unsafe extern "C" fn(*mut GstPreset, *const c_char) -> gboolean>,
    meta: Option<Meta>,
}

type Meta = unsafe extern "C" fn(*mut GstPreset, *const c_char, *const c_char, *mut *mut c_char) -> gboolean;

// SAFETY: the functions put into the interface keep the contracts of gstpreset.h, and are handed only instances of
// `ClassMorph`, whose type this is done for.
unsafe impl IsImplementable<ClassMorph> for gst::Preset {
    fn interface_init(interface: &mut glib::Interface<Self>) {
        let interface: &mut GstPresetInterface = interface.as_mut();
        DEFAULTS.get_or_init(|| Defaults {
            names: interface.get_preset_names,
            load: interface.load_preset,
            meta: interface.get_meta,
        });
        interface.get_preset_names = Some(names);
        interface.load_preset = Some(load);
        interface.get_meta = Some(meta);
    }
}

/// The shipped names, then the users' own. The caller frees the list.
unsafe extern "C" fn names(preset: *mut GstPreset) -> *mut *mut c_char {
    // SAFETY: `preset` is the caller's.
    let saved = unsafe { saved(preset) };
    let mut names: glib::StrV = Preset::ALL.iter().map(|preset| preset.name.into()).collect();
    for name in saved {
        if Preset::find(&name).is_none() {
            names.push(name);
        }
    }
    names.into_raw()
}

/// Takes on the user's own preset, else a shipped one.
unsafe extern "C" fn load(preset: *mut GstPreset, name: *const c_char) -> gboolean {
    // SAFETY: `name` is NULL or a string that outlives the call, and `preset` the caller's.
    if let Some(shipped) = unsafe { shipped(preset, name) } {
        // SAFETY: the interface is that of `ClassMorph`, and the caller holds a reference.
        let element: Borrowed<super::ClassMorph> = unsafe { from_glib_borrow(preset.cast()) };
        element.imp().take_on(&shipped);
        return GTRUE;
    }
    match DEFAULTS.get().and_then(|defaults| defaults.load) {
        // SAFETY: it takes what this function was given.
        Some(default) => unsafe { default(preset, name) },
        None => GFALSE,
    }
}

/// What a shipped preset is for, under the tag "comment"; else what the user's file says.
unsafe extern "C" fn meta(
    preset: *mut GstPreset,
    name: *const c_char,
    tag: *const c_char,
    value: *mut *mut c_char,
) -> gboolean {
    // SAFETY: both are NULL or strings that outlive the call, and `preset` the caller's.
    let (shipped, tag_text) = unsafe { (shipped(preset, name), text(tag)) };
    if let (Some(shipped), false) = (shipped, value.is_null()) {
        // GStreamer's own function would say yes to any tag, and give NULL.
        let about = (tag_text == Some("comment")).then_some(shipped.about);
        // SAFETY: `value` is not NULL, and the caller frees what it points to.
        unsafe { value.write(about.to_glib_full()) };
        return about.is_some().into_glib();
    }
    match DEFAULTS.get().and_then(|defaults| defaults.meta) {
        // SAFETY: it takes what this function was given.
        Some(default) => unsafe { default(preset, name, tag, value) },
        None => GFALSE,
    }
}

/// The shipped preset of that name, unless the user has saved one under it.
///
/// # Safety
/// `preset` is an element, and `name` is NULL or a string that lives as long as the call.
unsafe fn shipped(preset: *mut GstPreset, name: *const c_char) -> Option<Preset> {
    // SAFETY: the caller's promise.
    let shipped = unsafe { text(name) }.and_then(Preset::find)?;
    // SAFETY: the caller's promise.
    let saved = unsafe { saved(preset) };
    (!saved.iter().any(|saved| saved == shipped.name)).then_some(shipped)
}

/// The names that the user has saved presets under.
///
/// # Safety
/// `preset` is an element.
unsafe fn saved(preset: *mut GstPreset) -> glib::StrV {
    let default = DEFAULTS.get().and_then(|defaults| defaults.names);
    default.map_or_else(glib::StrV::new, |default| {
        // SAFETY: the caller's promise; it returns NULL or a list that is ours.
        unsafe { glib::StrV::from_glib_full(default(preset)) }
    })
}

/// # Safety
/// `text` is NULL or a string that lives as long as `'a`.
unsafe fn text<'a>(text: *const c_char) -> Option<&'a str> {
    // SAFETY: not NULL, and then a string by the caller's promise.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_str().ok())?
}
