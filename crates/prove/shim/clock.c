/* A clock that can be set: preloaded into a process, it adds to the time of day what stands in a file; what measures spans stays
 * true. It allocates nothing, because allocators ask for the time too.
 *
 * CLOCK_FILE  eight bytes: how many seconds ahead, as a signed number of this machine */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int64_t ahead(void)
{
    static volatile int64_t *seconds;
    if (!seconds) {
        const char *file = getenv("CLOCK_FILE");
        int opened = file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
        void *mapped = opened < 0 ? MAP_FAILED : mmap(NULL, sizeof *seconds, PROT_READ, MAP_SHARED, opened, 0);
        if (mapped == MAP_FAILED)
            abort();
        close(opened);
        seconds = mapped;
    }
    return *seconds;
}

int clock_gettime(clockid_t clock, struct timespec *at)
{
    int failed = (int)syscall(SYS_clock_gettime, clock, at);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        at->tv_sec += ahead();
    return failed;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now))
        return -1;
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now))
        return -1;
    if (at)
        *at = now.tv_sec;
    return now.tv_sec;
}
