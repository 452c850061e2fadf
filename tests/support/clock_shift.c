// Moves the wall clock of one program, for scripts/chaos.sh --clock-steps:
//
//   LD_PRELOAD=liborderhub_clock_shift.so ORDERHUB_TEST_CLOCK_SHIFT=FILE PROGRAM…
//
// FILE holds eight bytes, a signed number of milliseconds in the machine's byte order. It is
// mapped, so what another process stores there counts from the next question on. CLOCK_REALTIME in
// all its spellings is moved; CLOCK_MONOTONIC and CLOCK_BOOTTIME, and with them every wait on
// those, are not. Waits until a moment of the wall clock are the kernel's, which knows nothing of
// this: the hub has none. Without a usable FILE the program does not start: a run that steps
// nothing must not look like one that passed.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const int64_t* shift_ms; // Null until the constructor has run: then nothing is moved yet.
static int (*real_clock_gettime)(clockid_t, struct timespec*);

static void refuse(const char* why) {
  // Nothing is left to be done where even this cannot be written.
  if (write(STDERR_FILENO, why, strlen(why)) < 0)
    _exit(98);
  _exit(97);
}

__attribute__((constructor)) static void begin(void) {
  // The library's own is the fast one, which asks no kernel.
  real_clock_gettime =
      (int (*)(clockid_t, struct timespec*))(uintptr_t)dlsym(RTLD_NEXT, "clock_gettime");
  const char* file = getenv("ORDERHUB_TEST_CLOCK_SHIFT");
  if (!file)
    refuse("clock_shift: ORDERHUB_TEST_CLOCK_SHIFT names no file\n");
  const int fd = open(file, O_RDONLY | O_CLOEXEC);
  struct stat found;
  if (fd < 0 || fstat(fd, &found) != 0 || found.st_size != (off_t)sizeof *shift_ms)
    refuse("clock_shift: ORDERHUB_TEST_CLOCK_SHIFT is no file of eight bytes\n");
  void* const mapped = mmap(NULL, sizeof *shift_ms, PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped == MAP_FAILED)
    refuse("clock_shift: the file cannot be mapped\n");
  shift_ms = mapped;
}

static void move(struct timespec* t) {
  const int64_t ms = shift_ms ? __atomic_load_n(shift_ms, __ATOMIC_RELAXED) : 0;
  t->tv_sec += ms / 1000;
  t->tv_nsec += ms % 1000 * 1000000;
  if (t->tv_nsec >= 1000000000) {
    t->tv_nsec -= 1000000000;
    ++t->tv_sec;
  } else if (t->tv_nsec < 0) {
    t->tv_nsec += 1000000000;
    --t->tv_sec;
  }
}

int clock_gettime(clockid_t clock, struct timespec* t) {
  const int failed =
      real_clock_gettime ? real_clock_gettime(clock, t) : (int)syscall(SYS_clock_gettime, clock, t);
  if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ||
                  clock == CLOCK_REALTIME_ALARM || clock == CLOCK_TAI))
    move(t);
  return failed;
}

int gettimeofday(struct timeval* restrict t, void* restrict zone) {
  (void)zone;
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0)
    return -1;
  t->tv_sec = now.tv_sec;
  t->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* to) {
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME_COARSE, &now) != 0)
    return (time_t)-1;
  if (to)
    *to = now.tv_sec;
  return now.tv_sec;
}

int timespec_get(struct timespec* t, int base) {
  return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, t) == 0 ? base : 0;
}
