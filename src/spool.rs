//! Numbers that wait on the disk while a recording streams by, so that memory does not grow with its length.
//!
//! A [`Spool`] is one temporary file without a name, in the folder for such files (`TMPDIR`, else `/tmp`): it is gone
//! when the program ends, however it ends. Where the disk has no room, what does not fit stays in memory: slower
//! machines with full disks lose nothing.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A temporary file that many lists share. Copies are the same file.
#[derive(Clone, Debug, Default)]
pub struct Spool {
    store: Arc<Mutex<Store>>,
}

#[derive(Debug, Default)]
struct Store {
    /// Opened when something is put in for the first time.
    file: Option<File>,
    length: u64,
    /// Nothing more is written: it did not work once.
    full: bool,
}

/// What was put into a spool.
#[derive(Clone, Debug)]
pub struct Block(Place);

#[derive(Clone, Debug)]
enum Place {
    Disk { at: u64, length: usize },
    Memory(Arc<[u8]>),
}

impl Spool {
    /// Nothing yet; no file is made before something is put in.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts bytes in, which stay in memory if the disk does not take them.
    pub fn put(&self, bytes: &[u8]) -> Block {
        let mut store = self.lock();
        let at = store.length;
        if !store.full && store.write(bytes).is_ok() {
            return Block(Place::Disk { at, length: bytes.len() });
        }
        store.full = true;
        Block(Place::Memory(bytes.into()))
    }

    /// The bytes that were put in.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn get<'a>(&self, block: &'a Block) -> io::Result<Cow<'a, [u8]>> {
        match &block.0 {
            Place::Memory(bytes) => Ok(Cow::Borrowed(bytes)),
            Place::Disk { at, length } => {
                let mut store = self.lock();
                let file = store.file.as_mut().ok_or(io::ErrorKind::NotFound)?;
                let mut bytes = vec![0; *length];
                file.seek(SeekFrom::Start(*at))?;
                file.read_exact(&mut bytes)?;
                Ok(Cow::Owned(bytes))
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.seek(SeekFrom::Start(self.length))?;
        file.write_all(bytes)?;
        self.length += bytes.len() as u64;
        Ok(())
    }
}

/// A growing list of records of `N` numbers: the latest in memory, whole blocks of older ones in a spool.
#[derive(Clone, Debug)]
pub struct Records<const N: usize> {
    spool: Spool,
    blocks: Vec<Block>,
    recent: Vec<[f32; N]>,
}

impl<const N: usize> Records<N> {
    /// Records of a block.
    const BLOCK: usize = 512;

    /// Empty, to wait in this spool.
    pub fn new(spool: &Spool) -> Self {
        Self { spool: spool.clone(), blocks: Vec::new(), recent: Vec::new() }
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.blocks.len() * Self::BLOCK + self.recent.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a record.
    pub fn push(&mut self, record: [f32; N]) {
        self.recent.push(record);
    }

    /// A record that is still in memory; `None` if it was put away or is not there.
    pub fn recent_mut(&mut self, index: usize) -> Option<&mut [f32; N]> {
        self.recent.get_mut(index.checked_sub(self.blocks.len() * Self::BLOCK)?)
    }

    /// Puts away whole blocks of records before this index: they can be read and not changed any more.
    pub fn put_away_before(&mut self, index: usize) {
        while (self.blocks.len() + 1) * Self::BLOCK <= index.min(self.len()) {
            let bytes: Vec<u8> =
                self.recent.drain(..Self::BLOCK).flatten().flat_map(|number| number.to_le_bytes()).collect();
            self.blocks.push(self.spool.put(&bytes));
        }
    }

    /// Shows every record in order.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn each(&self, mut show: impl FnMut(usize, &[f32; N])) -> io::Result<()> {
        let mut index = 0;
        for block in &self.blocks {
            let bytes = self.spool.get(block)?;
            let mut numbers = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
            for _ in 0..Self::BLOCK {
                show(index, &std::array::from_fn(|_| numbers.next().unwrap_or(f32::NAN)));
                index += 1;
            }
        }
        for record in &self.recent {
            show(index, record);
            index += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(records: &Records<2>) -> Vec<[u32; 2]> {
        let mut all = Vec::new();
        records
            .each(|index, record| {
                assert_eq!(index, all.len());
                all.push(record.map(f32::to_bits));
            })
            .unwrap();
        all
    }

    #[test]
    fn records_come_back_bit_by_bit_wherever_they_wait() {
        let spool = Spool::new();
        let (mut first, mut second) = (Records::new(&spool), Records::new(&spool));
        for number in 0..2000 {
            first.push([number as f32, f32::NAN]);
            second.push([-(number as f32), f32::from_bits(0x7fc0_0000 | number)]);
            first.put_away_before(number as usize);
            second.put_away_before(700);
        }
        assert_eq!((first.recent.len(), second.recent.len()), (2000 - 3 * 512, 2000 - 512));
        assert!(first.recent_mut(0).is_none() && first.recent_mut(2000).is_none());
        first.recent_mut(1999).unwrap()[1] = 7.0;
        assert_eq!(numbers(&first)[1999], [1999_f32.to_bits(), 7_f32.to_bits()]);
        let of_second = numbers(&second);
        assert_eq!(of_second.len(), 2000);
        assert!(of_second.iter().zip(0_u32..).all(|(r, n)| *r == [(-(n as f32)).to_bits(), 0x7fc0_0000 | n]));
    }

    #[test]
    fn what_the_disk_does_not_take_stays_in_memory() {
        let spool = Spool::new();
        let on_disk = spool.put(b"first");
        spool.lock().full = true;
        let in_memory = spool.put(b"second");
        assert!(matches!(on_disk.0, Place::Disk { .. }) && matches!(in_memory.0, Place::Memory(_)));
        assert_eq!((&*spool.get(&on_disk).unwrap(), &*spool.get(&in_memory).unwrap()), (&b"first"[..], &b"second"[..]));
    }
}
