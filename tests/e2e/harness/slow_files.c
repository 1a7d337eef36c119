/* Makes calls on files slow or stuck, as a tired memory card or a dead network drive does.
 *
 * SLOW_FILES names a file of lines `CALL SUFFIX MILLISECONDS`: a call on a path with that suffix
 * (`*`: on any) takes so long, 0 for as long as the line is there; a negative number is an errno
 * with which it fails at once. Each call that is held is noted in SLOW_FILES.log. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Where a call is not named. */
#define FAST (-1000)

/* Milliseconds that the call takes. */
static int listed(const char *call, const char *path)
{
    const char *control = getenv("SLOW_FILES");
    char text[4096], name[64], suffix[512];
    int milliseconds, used;
    if (!control)
        return FAST;
    int fd = syscall(SYS_openat, AT_FDCWD, control, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return FAST;
    ssize_t length = syscall(SYS_read, fd, text, sizeof text - 1);
    syscall(SYS_close, fd);
    text[length > 0 ? length : 0] = 0;
    for (char *line = text; sscanf(line, " %63s %511s %d%n", name, suffix, &milliseconds, &used) == 3;
         line += used) {
        size_t whole = strlen(path), end = strlen(suffix);
        if (strcmp(name, call) == 0 &&
            (strcmp(suffix, "*") == 0 || (whole >= end && strcmp(path + whole - end, suffix) == 0)))
            return milliseconds;
    }
    return FAST;
}

static void note(const char *call, const char *path)
{
    char log[4096], line[4096];
    snprintf(log, sizeof log, "%s.log", getenv("SLOW_FILES"));
    int length = snprintf(line, sizeof line, "%s %s\n", call, path);
    int fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    syscall(SYS_write, fd, line, length);
    syscall(SYS_close, fd);
}

/* Returns -1 when the call is to fail. */
static int hold(const char *call, const char *path)
{
    int milliseconds = path && *path ? listed(call, path) : FAST;
    if (milliseconds == FAST)
        return 0;
    note(call, path);
    if (milliseconds < 0) {
        errno = -milliseconds;
        return -1;
    }
    if (milliseconds > 0)
        usleep(milliseconds * 1000);
    while (listed(call, path) == 0)
        usleep(20000);
    return 0;
}

static int hold_descriptor(const char *call, int fd)
{
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = 0;
    return hold(call, path);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int open64(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    if (flags & (O_WRONLY | O_RDWR | O_CREAT) && hold("write", path))
        return -1;
    if (hold("open", path))
        return -1;
    return NEXT(open64)(path, flags, mode);
}

int statx(int folder, const char *path, int flags, unsigned mask, struct statx *found)
{
    if (hold("stat", path))
        return -1;
    return NEXT(statx)(folder, path, flags, mask, found);
}

ssize_t read(int fd, void *bytes, size_t length)
{
    if (hold_descriptor("read", fd))
        return -1;
    return NEXT(read)(fd, bytes, length);
}

int fsync(int fd)
{
    if (hold_descriptor("fsync", fd))
        return -1;
    return NEXT(fsync)(fd);
}

int rename(const char *from, const char *to)
{
    if (hold("rename", to))
        return -1;
    return NEXT(rename)(from, to);
}

int posix_spawnp(pid_t *child, const char *path, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attributes, char *const arguments[],
                 char *const environment[])
{
    if (hold("run", path))
        return errno;
    return NEXT(posix_spawnp)(child, path, actions, attributes, arguments, environment);
}

int unlink(const char *path)
{
    if (hold("remove", path))
        return -1;
    return NEXT(unlink)(path);
}

int mkdir(const char *path, mode_t mode)
{
    if (hold("make", path))
        return -1;
    return NEXT(mkdir)(path, mode);
}
