// How many threads the process may keep busy: the processors it is allowed to run on, one a physical core, within the
// share of time that its container grants.
#include "platform.h"

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

int tt_usable_cores() {
  DWORD_PTR allowed = 0, system = 0;
  if (!GetProcessAffinityMask(GetCurrentProcess(), &allowed, &system) || !allowed) return 1;
  SYSTEM_LOGICAL_PROCESSOR_INFORMATION found[256];
  DWORD bytes = sizeof found;
  int cores = 0;
  if (GetLogicalProcessorInformation(found, &bytes)) {
    for (DWORD i = 0; i < bytes / sizeof found[0]; i++)
      if (found[i].Relationship == RelationProcessorCore && (found[i].ProcessorMask & allowed)) cores++;
  }
  return cores > 0 ? cores : __builtin_popcountll(allowed);
}

#elif defined(__APPLE__)
#include <sys/sysctl.h>

int tt_usable_cores() {
  // Performance cores where there are two kinds: a share of equal size holds the others up.
  for (const char* name : {"hw.perflevel0.physicalcpu", "hw.physicalcpu"}) {
    int32_t count = 0;
    size_t size = sizeof count;
    if (sysctlbyname(name, &count, &size, nullptr, 0) == 0 && count > 0) return count;
  }
  return 1;
}

#else
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

namespace {

// Reads a small file as a string; false if there is none.
bool read_file(const char* path, char* text, size_t size) {
  FILE* file = fopen(path, "re");
  if (!file) return false;
  const size_t length = fread(text, 1, size - 1, file);
  fclose(file);
  text[length] = 0;
  return length > 0;
}

// Processors allowed, counting hardware threads of one core once: a processor counts if it is the first allowed one of
// its core, whose members the kernel lists as "0,4" or "0-1".
int physical_cores() {
  cpu_set_t allowed;  // 128 bytes, up to 1024 processors
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
  }
  int cores = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    char path[96], siblings[256];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
    bool first = true;
    if (read_file(path, siblings, sizeof siblings)) {
      int begin, end, used;
      for (const char* at = siblings; first && sscanf(at, "%d%n", &begin, &used) == 1;) {
        at += used;
        end = begin;
        if (*at == '-' && sscanf(at + 1, "%d%n", &end, &used) == 1) at += 1 + used;
        for (int other = begin; other <= end && other < cpu; other++) first &= !CPU_ISSET(other, &allowed);
        if (*at == ',') at++;
      }
    }
    cores += first;
  }
  return cores > 0 ? cores : 1;
}

// One cgroup directory's limit in processors, rounded up; 0 if it has none.
int quota_of(const char* v2_directory, const char* v1_directory) {
  char path[768], text[128];
  long long quota = -1, period = 0;
  if (v2_directory) {
    snprintf(path, sizeof path, "%s/cpu.max", v2_directory);
    if (!read_file(path, text, sizeof text) || sscanf(text, "%lld %lld", &quota, &period) != 2) return 0;
  } else {
    snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", v1_directory);
    if (!read_file(path, text, sizeof text) || sscanf(text, "%lld", &quota) != 1) return 0;
    snprintf(path, sizeof path, "%s/cpu.cfs_period_us", v1_directory);
    if (!read_file(path, text, sizeof text) || sscanf(text, "%lld", &period) != 1) return 0;
  }
  return quota > 0 && period > 0 ? (int)((quota + period - 1) / period) : 0;
}

// The tightest limit between the process's cgroup and the root of its hierarchy; 0 if there is none. Inside a container
// the path in /proc/self/cgroup may be the host's, then only the root exists.
int cgroup_quota() {
  char text[4096];
  if (!read_file("/proc/self/cgroup", text, sizeof text)) return 0;
  int tightest = 0;
  char* rest;
  for (char* line = strtok_r(text, "\n", &rest); line; line = strtok_r(nullptr, "\n", &rest)) {
    char* controllers = strchr(line, ':');
    if (!controllers) continue;
    char* path = strchr(++controllers, ':');
    if (!path) continue;
    *path++ = 0;
    const bool v2 = *controllers == 0;
    bool has_cpu = false;
    for (const char* at = controllers; *at; at += strcspn(at, ","), at += *at == ',')
      has_cpu |= strcspn(at, ",") == 3 && strncmp(at, "cpu", 3) == 0;
    if (!v2 && !has_cpu) continue;
    const char* root = v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu";
    for (;;) {
      char directory[640];
      snprintf(directory, sizeof directory, "%s%s", root, path);
      const int quota = v2 ? quota_of(directory, nullptr) : quota_of(nullptr, directory);
      if (quota > 0 && (tightest == 0 || quota < tightest)) tightest = quota;
      char* slash = strrchr(path, '/');
      if (!slash || *path == 0) break;
      *slash = 0;
    }
  }
  return tightest;
}

}  // namespace

int tt_usable_cores() {
  const int cores = physical_cores();
  const int quota = cgroup_quota();
  return quota > 0 && quota < cores ? quota : cores;
}

#endif
