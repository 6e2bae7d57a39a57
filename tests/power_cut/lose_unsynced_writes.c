/* A power cut in a library: only what was fsynced survives.
 *
 * Preloaded into the server, it watches the folder CUT_FROM. Whenever a file below it is fsynced, the
 * whole file as it is at that moment is copied to the same place below CUT_TO; whenever the folder
 * itself is fsynced, names that no longer exist are removed there. After the server was killed,
 * CUT_TO is what a disk without a battery would still hold. What was written and never fsynced is gone.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int (*real_fsync)(int);
static int (*real_fdatasync)(int);

static int lock_shadow(const char *to) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s.lock", to);
  int lock = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (lock >= 0) flock(lock, LOCK_EX);
  return lock;
}

/* Read through the handle that was synced, where it can be read: closing any other handle of the same file
 * would drop the locks of this process on it (POSIX, fcntl), and with them SQLite's. */
static void keep_file(int handle, const char *from_path, const char *to_path) {
  char draft[PATH_MAX];
  snprintf(draft, sizeof draft, "%s.part", to_path);
  int own = (fcntl(handle, F_GETFL) & O_ACCMODE) == O_WRONLY ? open(from_path, O_RDONLY | O_CLOEXEC) : -1;
  int in = own >= 0 ? own : handle;
  int out = open(draft, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  if (out < 0) { if (own >= 0) close(own); return; }
  char block[65536];
  ssize_t got;
  off_t place = 0;
  while ((got = pread(in, block, sizeof block, place)) > 0) {
    if (write(out, block, (size_t)got) != got) break;
    place += got;
  }
  if (own >= 0) close(own);
  close(out);
  rename(draft, to_path);
}

static void keep_names(const char *from, const char *to) {
  DIR *folder = opendir(to);
  if (!folder) return;
  struct dirent *entry;
  while ((entry = readdir(folder))) {
    char path[PATH_MAX];
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "%s/%s", from, entry->d_name);
    if (access(path, F_OK) == 0) continue;
    snprintf(path, sizeof path, "%s/%s", to, entry->d_name);
    unlink(path);
  }
  closedir(folder);
}

static void keep(int handle) {
  const char *from = getenv("CUT_FROM"), *to = getenv("CUT_TO");
  char link[64], path[PATH_MAX], target[PATH_MAX];
  if (!from || !to) return;
  snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return;
  path[length] = 0;
  if (strncmp(path, from, strlen(from)) != 0) return;
  const char *rest = path + strlen(from);
  if (*rest != 0 && *rest != '/') return;
  struct stat about;
  if (fstat(handle, &about) != 0) return;
  int lock = lock_shadow(to);
  if (S_ISDIR(about.st_mode)) {
    if (*rest == 0) keep_names(from, to);
  } else if (S_ISREG(about.st_mode) && strchr(rest + 1, '/') == NULL && *rest == '/') {
    snprintf(target, sizeof target, "%s%s", to, rest);
    keep_file(handle, path, target);
  }
  if (lock >= 0) close(lock);
}

int fsync(int handle) {
  if (!real_fsync) real_fsync = dlsym(RTLD_NEXT, "fsync");
  int result = real_fsync(handle);
  if (result == 0) keep(handle);
  return result;
}

int fdatasync(int handle) {
  if (!real_fdatasync) real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  int result = real_fdatasync(handle);
  if (result == 0) keep(handle);
  return result;
}
