//! The world that typst sees: one program, one data file, the typefaces. Nothing else exists in it.

use std::sync::LazyLock;

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};

use super::shelf::Shelf;

const TEMPLATE: &str = include_str!("template.typ");
const DATA: &str = "document.json";

static LIBRARY: LazyLock<LazyHash<Library>> =
    LazyLock::new(|| LazyHash::new(<Library as LibraryExt>::default()));
static MAIN: LazyLock<Source> = LazyLock::new(|| {
    // A root without a name cannot be refused, and `Source::detached` would have no place to read the data from.
    let id = VirtualPath::new("main.typ").map(|path| RootedPath::new(VirtualRoot::Project, path).intern());
    id.map_or_else(|_| Source::detached(TEMPLATE), |id| Source::new(id, TEMPLATE.to_owned()))
});

pub(super) struct PaperWorld<'a> {
    shelf: &'a Shelf,
    data: Bytes,
}

impl<'a> PaperWorld<'a> {
    pub fn new(shelf: &'a Shelf, data: String) -> Self {
        Self { shelf, data: Bytes::from_string(data) }
    }
}

impl World for PaperWorld<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.shelf.book()
    }

    fn main(&self) -> FileId {
        MAIN.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == MAIN.id() { Ok(MAIN.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let path = id.get();
        if *path.root() == VirtualRoot::Project && path.vpath().get_without_slash() == DATA {
            Ok(self.data.clone())
        } else {
            Err(FileError::AccessDenied)
        }
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.shelf.font(index)
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}
