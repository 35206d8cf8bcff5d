//! How the allocator of the C library keeps memory: what is freed goes back to the system.

/// Blocks from this size on (1 MiB: pictures, activations of networks) get pages of their own, which go back to the
/// system when they are freed.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE_BLOCK_BYTES: libc::c_int = 1 << 20;

/// Fixes the size from which blocks have pages of their own. By itself the GNU allocator raises it up to 32 MiB
/// with the blocks it sees; its heaps are then fragmented by pictures and activations, and memory grows with the
/// length of the media. Other allocators are left as they are.
pub(crate) fn give_back_large_blocks() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: called once, before any thread is started; the allocator checks the value.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES);
    }
}
