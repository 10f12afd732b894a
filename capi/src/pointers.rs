//! What a caller's pointers point to, read and written. The one place where a raw pointer is followed.
//!
//! Nothing here asks for alignment: everything is read and written byte by byte as far as the processor is concerned.

use crate::status::{Fault, Status};
use std::ffi::c_char;
use std::marker::PhantomData;
use std::ptr;

/// A struct of the border: plain integers, every bit pattern valid, its own size in its first four bytes.
///
/// # Safety
///
/// The type is `#[repr(C)]`, made of integers and arrays of them, without padding, and begins with `size: u32`.
pub(crate) unsafe trait Sized32: Copy {
    /// Its name in C, for errors.
    const NAME: &'static str;
}

/// A value that may be written over anything: integers and structs of them, without padding.
///
/// # Safety
///
/// The type is an integer, or `#[repr(C)]` and made of integers without padding.
pub(crate) unsafe trait Plain: Copy {}

// SAFETY: integers.
unsafe impl Plain for u8 {}
// SAFETY: as above.
unsafe impl Plain for u32 {}
// SAFETY: as above.
unsafe impl Plain for u64 {}
// SAFETY: as above.
unsafe impl Plain for i64 {}
// SAFETY: as above.
unsafe impl Plain for usize {}

#[cold]
fn null(what: &str) -> Fault {
    Fault::new(Status::NullPointer, format!("{what} is NULL"))
}

#[cold]
fn wrong_size(what: &str, expected: usize, found: u64) -> Fault {
    Fault::new(Status::WrongSize, format!("{what}: expected size {expected}, found {found}"))
}

/// Reads a caller's struct after its size has been found right: no byte beyond that size is touched.
///
/// # Safety
///
/// `pointer` is null or points to at least four readable bytes, and to as many as those four say.
#[inline]
pub(crate) unsafe fn read<T: Sized32>(pointer: *const T) -> Result<T, Fault> {
    if pointer.is_null() {
        return Err(null(T::NAME));
    }
    // SAFETY: four bytes are readable by the caller's contract; `T` begins with its size.
    let size = unsafe { ptr::read_unaligned(pointer.cast::<u32>()) };
    if size as usize != size_of::<T>() {
        return Err(wrong_size(T::NAME, size_of::<T>(), u64::from(size)));
    }
    // SAFETY: as many bytes are readable as `size` says, and any bits make a `T`.
    Ok(unsafe { ptr::read_unaligned(pointer) })
}

/// A place of the caller's for one value, found good before anything is done.
pub(crate) struct Place<'a, T> {
    pointer: *mut T,
    lifetime: PhantomData<&'a mut T>,
}

impl<T: Plain> Place<'_, T> {
    /// A place that must be there.
    ///
    /// # Safety
    ///
    /// `pointer` is null or may be written for the size of `T` while the place is alive.
    #[inline]
    pub(crate) unsafe fn new(pointer: *mut T, what: &str) -> Result<Self, Fault> {
        if pointer.is_null() {
            return Err(null(what));
        }
        Ok(Place { pointer, lifetime: PhantomData })
    }
}

impl<T: Sized32> Place<'_, T> {
    /// A struct that must be there and say its right size.
    ///
    /// # Safety
    ///
    /// `pointer` is null or points to at least four readable bytes, and may be written for as many as those four say.
    #[inline]
    pub(crate) unsafe fn sized(pointer: *mut T) -> Result<Self, Fault> {
        // SAFETY: handed on.
        match unsafe { Place::optional(pointer) }? {
            Some(place) => Ok(place),
            None => Err(null(T::NAME)),
        }
    }

    /// A struct that may be missing.
    ///
    /// # Safety
    ///
    /// As [`Place::sized`].
    #[inline]
    pub(crate) unsafe fn optional(pointer: *mut T) -> Result<Option<Self>, Fault> {
        if pointer.is_null() {
            return Ok(None);
        }
        // SAFETY: four bytes are readable by the caller's contract; `T` begins with its size.
        let size = unsafe { ptr::read_unaligned(pointer.cast::<u32>()) };
        if size as usize != size_of::<T>() {
            return Err(wrong_size(T::NAME, size_of::<T>(), u64::from(size)));
        }
        Ok(Some(Place { pointer, lifetime: PhantomData }))
    }
}

impl<T: Copy> Place<'_, T> {
    /// Writes the value.
    #[inline]
    pub(crate) fn set(&mut self, value: T) {
        // SAFETY: made from a pointer that may be written for the size of `T` while `self` lives.
        unsafe { ptr::write_unaligned(self.pointer, value) }
    }
}

/// The bytes a caller hands in; nothing at all may be NULL.
///
/// # Safety
///
/// `pointer` is null or points to `len` readable bytes that nobody changes while the result is alive.
pub(crate) unsafe fn bytes<'a>(
    pointer: *const u8,
    len: usize,
    what: &str,
) -> Result<&'a [u8], Fault> {
    match (pointer.is_null(), len) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(null(what)),
        (false, _) if len > isize::MAX as usize => Err(Fault::new(
            Status::BadValue,
            format!("{what}: {len} bytes are more than there are"),
        )),
        // SAFETY: not null, `len` bytes readable and unchanging by the caller's contract, and no more than isize::MAX.
        (false, _) => Ok(unsafe { std::slice::from_raw_parts(pointer, len) }),
    }
}

/// As [`bytes`], and UTF-8.
///
/// # Safety
///
/// As [`bytes`].
pub(crate) unsafe fn text<'a>(
    pointer: *const c_char,
    len: usize,
    what: &str,
) -> Result<&'a str, Fault> {
    // SAFETY: handed on.
    let bytes = unsafe { bytes(pointer.cast::<u8>(), len, what) }?;
    std::str::from_utf8(bytes).map_err(|error| {
        let good = error.valid_up_to();
        Fault::new(Status::NotUtf8, format!("{what}: invalid UTF-8 after {good} good bytes"))
    })
}

/// A caller's array to be filled from its start.
pub(crate) struct Room<'a, T> {
    pointer: *mut T,
    capacity: usize,
    lifetime: PhantomData<&'a mut [T]>,
}

impl<T: Plain> Room<'_, T> {
    /// Room for `capacity` items; none at all may be NULL.
    ///
    /// # Safety
    ///
    /// `pointer` is null or may be written for `capacity` items while the room is alive.
    pub(crate) unsafe fn new(pointer: *mut T, capacity: usize, what: &str) -> Result<Self, Fault> {
        if pointer.is_null() && capacity > 0 {
            return Err(null(what));
        }
        if capacity > isize::MAX as usize / size_of::<T>() {
            let text = format!("{what}: {capacity} items are more than there are");
            return Err(Fault::new(Status::BadValue, text));
        }
        Ok(Room { pointer, capacity, lifetime: PhantomData })
    }

    /// As [`Room::new`], for items whose size the caller names.
    ///
    /// # Safety
    ///
    /// `pointer` is null or may be written for `capacity` items of `item_size` bytes while the room is alive.
    pub(crate) unsafe fn of_items(
        pointer: *mut T,
        capacity: usize,
        item_size: usize,
        what: &str,
    ) -> Result<Self, Fault> {
        if item_size != size_of::<T>() {
            return Err(wrong_size(what, size_of::<T>(), item_size as u64));
        }
        // SAFETY: handed on; the sizes agree.
        unsafe { Room::new(pointer, capacity, what) }
    }

    /// Items there is room for.
    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Writes an item, if there is room for it at that place.
    #[inline]
    pub(crate) fn put(&mut self, place: usize, item: T) -> bool {
        let fits = place < self.capacity;
        if fits {
            // SAFETY: inside `capacity` items, which may be written while `self` lives and do not pass isize::MAX bytes.
            unsafe { ptr::write_unaligned(self.pointer.add(place), item) }
        }
        fits
    }
}

impl Room<'_, u8> {
    /// Writes bytes from the start on, if all of them fit.
    pub(crate) fn put_all(&mut self, bytes: &[u8]) -> bool {
        let fits = bytes.len() <= self.capacity;
        if fits && !bytes.is_empty() {
            // SAFETY: the caller's `capacity` bytes may be written; `bytes` is ours and so lies elsewhere.
            unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), self.pointer, bytes.len()) }
        }
        fits
    }
}
