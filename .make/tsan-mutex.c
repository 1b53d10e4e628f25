// Tells ThreadSanitizer of the ways through Swift's `Mutex` that it cannot see. Loaded by `make sanitize` with LD_PRELOAD.
//
// On Linux a free `Mutex` is taken and given up by an atomic operation in the caller's code, which is instrumented. One that
// others hold or wait for goes through the functions below in libswiftSynchronization, which is not: its futex calls order
// the threads, and nobody says so. Each is replaced by itself and a word about what it did, on the address that the atomic
// operations use. Nothing is hidden: what is not behind the same mutex is reported as before (`racy-counter contended`).

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

// Absent in programs that are built without ThreadSanitizer.
__attribute__((weak)) void __tsan_acquire(void *);
__attribute__((weak)) void __tsan_release(void *);

// The constructor runs before any thread exists. A program without libswiftSynchronization calls none of the functions.
static SWIFT void (*real_lock)(uint32_t, SELF void *);
static SWIFT _Bool (*real_try_lock)(SELF void *);
static SWIFT void (*real_unlock)(SELF void *);

__attribute__((constructor)) static void find(void) {
    real_lock = (__typeof__(real_lock))dlsym(RTLD_NEXT, LOCK);
    real_try_lock = (__typeof__(real_try_lock))dlsym(RTLD_NEXT, TRY_LOCK);
    real_unlock = (__typeof__(real_unlock))dlsym(RTLD_NEXT, UNLOCK);
}

SWIFT void lock_slow(uint32_t thread, SELF void *handle) __asm__(LOCK);
SWIFT void lock_slow(uint32_t thread, SELF void *handle) {
    real_lock(thread, handle);
    if (__tsan_acquire) __tsan_acquire(handle);
}

SWIFT _Bool try_lock_slow(SELF void *handle) __asm__(TRY_LOCK);
SWIFT _Bool try_lock_slow(SELF void *handle) {
    _Bool taken = real_try_lock(handle);
    if (taken && __tsan_acquire) __tsan_acquire(handle);
    return taken;
}

SWIFT void unlock_slow(SELF void *handle) __asm__(UNLOCK);
SWIFT void unlock_slow(SELF void *handle) {
    if (__tsan_release) __tsan_release(handle);
    real_unlock(handle);
}
