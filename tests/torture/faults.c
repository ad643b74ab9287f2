/* Faults on purpose, for LD_PRELOAD: counts the calls that change files below a folder, and at a chosen one kills the
   process (a write is torn in its middle), or lets the calls from there on fail, as on a full or a broken disk.

   Every file that is opened for writing or synced is noted in a journal, so that a power cut can be played afterwards:
   what was never synced may be lost.

   int faults_arm(folder, at, action, errno, journal): action 0 counts only, 1 kills, 2 fails from then on, 3 fails once.
   long faults_count(): calls so far. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { COUNT, KILL, FAIL, FAIL_ONCE };
#define MOST_FILES 65536

static char below[PATH_MAX];
static size_t below_length;
static long at = -1;
static int action, failure, journal = -1;
static atomic_long calls;
static unsigned char watched[MOST_FILES];

int faults_arm(const char *folder, long where, int what, int error, int log) {
    strncpy(below, folder, sizeof below - 1);
    below_length = strlen(below);
    at = where, action = what, failure = error, journal = log;
    atomic_store(&calls, 0);
    memset(watched, 0, sizeof watched);
    return 0;
}

long faults_count(void) { return atomic_load(&calls); }

static int inside(const char *path) { return below_length && path && !strncmp(path, below, below_length); }

/* Files are told by inode: their names change. */
static void note(char what, int file) {
    struct stat found;
    if (journal < 0 || fstat(file, &found)) return;
    char line[64];
    int n = snprintf(line, sizeof line, "%c %llu\n", what, (unsigned long long)found.st_ino);
    syscall(SYS_write, journal, line, (size_t)n);
}

/* Count a call; return whether it has to fail. */
static int step(int torn_file, const void *data, size_t size) {
    long number = atomic_fetch_add(&calls, 1);
    if (at < 0 || number < at || action == COUNT) return 0;
    if (action == KILL) {
        if (number > at) return 0;
        if (data && size > 1) syscall(SYS_write, torn_file, data, size / 2);
        kill(getpid(), SIGKILL);
    }
    if (action == FAIL_ONCE && number > at) return 0;
    errno = failure;
    return 1;
}

/* A full disk still lets files be removed and renamed. */
static int needs_no_space(void) { return failure == ENOSPC && action != KILL; }

#define NEXT(name) static __typeof__(name) *next; if (!next) next = (__typeof__(next))dlsym(RTLD_NEXT, #name)
#define WATCHED(file) ((file) >= 0 && (file) < MOST_FILES && watched[file])

static int opened(int file, const char *path, int flags) {
    if (file >= 0 && file < MOST_FILES) {
        watched[file] = inside(path) && (flags & (O_WRONLY | O_RDWR)) != 0;
        if (watched[file]) note('O', file);
    }
    return file;
}

#define MODE                                                                                                           \
    mode_t mode = 0;                                                                                                   \
    if (flags & (O_CREAT | O_TMPFILE)) {                                                                               \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode = va_arg(rest, mode_t);                                                                                   \
        va_end(rest);                                                                                                  \
    }                                                                                                                  \
    if (inside(path) && (flags & O_CREAT) && step(-1, NULL, 0)) return -1

int open(const char *path, int flags, ...) {
    NEXT(open);
    MODE;
    return opened(next(path, flags, mode), path, flags);
}
int open64(const char *path, int flags, ...) {
    NEXT(open64);
    MODE;
    return opened(next(path, flags, mode), path, flags);
}
int openat(int folder, const char *path, int flags, ...) {
    NEXT(openat);
    MODE;
    return opened(next(folder, path, flags, mode), path, flags);
}
int openat64(int folder, const char *path, int flags, ...) {
    NEXT(openat64);
    MODE;
    return opened(next(folder, path, flags, mode), path, flags);
}
int close(int file) {
    NEXT(close);
    if (file >= 0 && file < MOST_FILES) watched[file] = 0;
    return next(file);
}
ssize_t write(int file, const void *data, size_t size) {
    NEXT(write);
    if (WATCHED(file) && step(file, data, size)) return -1;
    return next(file, data, size);
}
ssize_t pwrite64(int file, const void *data, size_t size, off64_t place) {
    NEXT(pwrite64);
    if (WATCHED(file) && step(-1, NULL, 0)) return -1;
    return next(file, data, size, place);
}
ssize_t writev(int file, const struct iovec *parts, int n) {
    NEXT(writev);
    if (WATCHED(file) && step(file, n ? parts[0].iov_base : NULL, n ? parts[0].iov_len : 0)) return -1;
    return next(file, parts, n);
}
int fsync(int file) {
    NEXT(fsync);
    if (WATCHED(file) && step(-1, NULL, 0)) return -1;
    note('S', file);
    return next(file);
}
int fdatasync(int file) {
    NEXT(fdatasync);
    if (WATCHED(file) && step(-1, NULL, 0)) return -1;
    note('S', file);
    return next(file);
}
int rename(const char *from, const char *to) {
    NEXT(rename);
    if (inside(to) && step(-1, NULL, 0) && !needs_no_space()) return -1;
    return next(from, to);
}
int link(const char *from, const char *to) {
    NEXT(link);
    if (inside(to) && step(-1, NULL, 0)) return -1;
    return next(from, to);
}
int linkat(int a, const char *from, int b, const char *to, int flags) {
    NEXT(linkat);
    if (inside(to) && step(-1, NULL, 0)) return -1;
    return next(a, from, b, to, flags);
}
int unlink(const char *path) {
    NEXT(unlink);
    if (inside(path) && step(-1, NULL, 0) && !needs_no_space()) return -1;
    return next(path);
}
int unlinkat(int folder, const char *path, int flags) {
    NEXT(unlinkat);
    /* shutil.rmtree gives names relative to an open folder: all are counted */
    if (below_length && step(-1, NULL, 0) && !needs_no_space()) return -1;
    return next(folder, path, flags);
}
int mkdir(const char *path, mode_t mode) {
    NEXT(mkdir);
    if (inside(path) && step(-1, NULL, 0)) return -1;
    return next(path, mode);
}
int rmdir(const char *path) {
    NEXT(rmdir);
    if (inside(path) && step(-1, NULL, 0) && !needs_no_space()) return -1;
    return next(path);
}
