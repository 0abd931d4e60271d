/* A disk that can be looked at and broken: preloaded into a process, it writes down what the process does to the database's
 * files, in the order in which it is done, and lets one call fail.
 *
 * DISK_FOLDER  whose files `schoolbell.db` and `schoolbell.db-wal` are watched
 * DISK_LOG     where it is written down
 * DISK_FAIL    "sync:N:ERRNO" or "write:N:ERRNO": the N-th such call on a watched file fails with ERRNO
 *
 * A record is its kind, the file, the length of what follows, an offset, and what follows. It is written after the call returned
 * and before the process hears of it, so whatever the process says later is about records that are in the log already. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPENED = 1, WRITTEN, CUT, SYNCED, REMOVED, WRITE_FAILED, SYNC_FAILED };
enum { DATABASE = 1, WAL = 2, FDS = 65536 };

struct record { uint32_t kind, file, length, unused; uint64_t offset; };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char folder[4096];
static int log_fd = -1;
static unsigned char files[FDS];
static char fail_kind;
static long fail_at, fail_errno, syncs, writes;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static int (*real_ftruncate)(int, off64_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_unlink)(const char *);

__attribute__((constructor)) static void begin(void) {
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_open = dlsym(RTLD_NEXT, "open64");
    real_close = dlsym(RTLD_NEXT, "close");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    const char *fail = getenv("DISK_FAIL"), *path = getenv("DISK_LOG"), *where = getenv("DISK_FOLDER");
    if (!path || !where || snprintf(folder, sizeof folder, "%s/", where) >= (int)sizeof folder) abort();
    log_fd = real_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    char kind[8];
    if (fail && sscanf(fail, "%7[a-z]:%ld:%ld", kind, &fail_at, &fail_errno) == 3) fail_kind = kind[0];
    if (log_fd < 0) abort();
}

/* Which watched file a path leads to, or 0. */
static unsigned char file_of(const char *path) {
    size_t length = strlen(folder);
    if (log_fd < 0 || !path || strncmp(path, folder, length)) return 0;
    if (!strcmp(path + length, "schoolbell.db")) return DATABASE;
    return strcmp(path + length, "schoolbell.db-wal") ? 0 : WAL;
}

static unsigned char file_at(int fd) { return fd >= 0 && fd < FDS ? files[fd] : 0; }

static void note(uint32_t kind, uint32_t file, uint64_t offset, const void *data, size_t length) {
    struct record record = {kind, file, (uint32_t)length, 0, offset};
    char *whole = malloc(sizeof record + length);
    if (!whole) abort();
    memcpy(whole, &record, sizeof record);
    if (length) memcpy(whole + sizeof record, data, length);
    if (real_write(log_fd, whole, sizeof record + length) != (ssize_t)(sizeof record + length)) abort();
    free(whole);
}

static int opened(const char *path, int fd, int is_new) {
    unsigned char file = file_of(path);
    if (fd >= 0 && fd < FDS) files[fd] = file;
    if (fd >= 0 && file) {
        pthread_mutex_lock(&lock);
        note(OPENED, file, (uint64_t)is_new, NULL, 0);
        pthread_mutex_unlock(&lock);
    }
    return fd;
}

#define OPEN(name)                                                                                                   \
    int name(const char *path, int flags, ...) {                                                                     \
        va_list rest;                                                                                                \
        va_start(rest, flags);                                                                                       \
        mode_t mode = va_arg(rest, mode_t);                                                                          \
        va_end(rest);                                                                                                \
        struct stat there;                                                                                           \
        int is_new = file_of(path) && stat(path, &there) != 0;                                                       \
        return opened(path, real_open(path, flags, mode), is_new);                                                   \
    }
OPEN(open)
OPEN(open64)

int close(int fd) {
    if (fd >= 0 && fd < FDS) files[fd] = 0;
    return real_close(fd);
}

static ssize_t store(int fd, unsigned char file, const void *data, size_t length, off64_t offset) {
    pthread_mutex_lock(&lock);
    ssize_t done = -1;
    if (fail_kind == 'w' && ++writes == fail_at) {
        note(WRITE_FAILED, file, (uint64_t)offset, NULL, 0);
        errno = (int)fail_errno;
    } else {
        done = real_pwrite(fd, data, length, offset);
        int error = errno;
        if (done > 0) note(WRITTEN, file, (uint64_t)offset, data, (size_t)done);
        errno = error;
    }
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
    unsigned char file = file_at(fd);
    return file ? store(fd, file, data, length, offset) : real_pwrite(fd, data, length, offset);
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return pwrite64(fd, data, length, offset); }

ssize_t write(int fd, const void *data, size_t length) {
    unsigned char file = file_at(fd);
    if (!file) return real_write(fd, data, length);
    off64_t offset = lseek64(fd, 0, SEEK_CUR);
    ssize_t done = store(fd, file, data, length, offset);
    if (done > 0) lseek64(fd, offset + done, SEEK_SET);
    return done;
}

int ftruncate64(int fd, off64_t size) {
    unsigned char file = file_at(fd);
    if (!file) return real_ftruncate(fd, size);
    pthread_mutex_lock(&lock);
    int done = real_ftruncate(fd, size);
    if (!done) note(CUT, file, (uint64_t)size, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

static int sync_with(int fd, int (*real)(int)) {
    unsigned char file = file_at(fd);
    if (!file) return real(fd);
    pthread_mutex_lock(&lock);
    int done = -1, error = (int)fail_errno;
    if (fail_kind == 's' && ++syncs == fail_at) {
        note(SYNC_FAILED, file, 0, NULL, 0);
    } else {
        done = real(fd);
        error = errno;
        if (!done) note(SYNCED, file, 0, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

int fsync(int fd) { return sync_with(fd, real_fsync); }
int fdatasync(int fd) { return sync_with(fd, real_fdatasync); }

int unlink(const char *path) {
    unsigned char file = file_of(path);
    int done = real_unlink(path);
    if (file && !done) {
        pthread_mutex_lock(&lock);
        note(REMOVED, file, 0, NULL, 0);
        pthread_mutex_unlock(&lock);
    }
    return done;
}
