import type { Tree } from "../../helpers/testdir";

/** Files of a container's cgroup of version 1, by hierarchy, as Linux 6.18 wrote them. */
export const capturedV1: Tree = {
  "cpuacct/cpuacct.usage": "37014579\n",
  "cpuacct/cpuacct.usage_user": "27678140\n",
  "cpuacct/cpuacct.usage_sys": "8000000\n",
  "cpuacct/cpuacct.usage_percpu": "34123091 2891488 \n",
  "cpu/cpu.stat": "nr_periods 12\nnr_throttled 3\nthrottled_time 45000000\nnr_bursts 0\nburst_time 0\n",
  "memory/memory.usage_in_bytes": "4431872\n",
  "memory/memory.limit_in_bytes": "67108864\n",
  "memory/memory.max_usage_in_bytes": "5317184\n",
  "memory/memory.failcnt": "7\n",
  "memory/memory.stat":
    "cache 8192\nrss 53248\ninactive_file 4096\nactive_file 8192\n" +
    "hierarchical_memory_limit 67108864\ntotal_cache 4198400\ntotal_rss 53248\n" +
    "total_inactive_file 4190208\ntotal_active_file 8192\n",
  "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
  "pids/pids.current": "2\n",
  "pids/pids.max": "1024\n",
  "blkio/blkio.throttle.io_service_bytes":
    "254:0 Read 1064960\n254:0 Write 3145728\n254:0 Sync 4210688\n254:0 Async 0\n254:0 Discard 0\n" +
    "254:0 Total 4210688\nTotal 4210688\n",
  "blkio/blkio.throttle.io_service_bytes_recursive":
    "254:0 Read 1064960\n254:0 Write 3145728\n254:0 Sync 4210688\n254:0 Async 0\n254:0 Discard 0\n" +
    "254:0 Total 4210688\n253:1 Read 4096\n253:1 Write 0\n253:1 Total 4096\nTotal 4214784\n",
  "blkio/blkio.throttle.io_serviced_recursive":
    "254:0 Read 2\n254:0 Write 3\n254:0 Sync 5\n254:0 Total 5\n253:1 Read 1\n253:1 Write 0\n253:1 Total 1\nTotal 6\n",
};

/** Files of a container's cgroup of version 2, as Linux 6.1 wrote them. */
export const capturedV2: Tree = {
  "cpu.stat":
    "usage_usec 8170000\nuser_usec 7917215\nsystem_usec 252784\nnr_periods 0\nnr_throttled 0\n" +
    "throttled_usec 0\nnr_bursts 0\nburst_usec 0\n",
  "memory.current": "22069248\n",
  "memory.max": "max\n",
  "memory.peak": "23216128\n",
  "memory.events": "low 0\nhigh 0\nmax 4\noom 0\noom_kill 0\noom_group_kill 0\n",
  "memory.stat":
    "anon 106496\nfile 20983808\nkernel 815104\ninactive_anon 102400\nactive_anon 4096\n" +
    "inactive_file 20971520\nactive_file 12288\npgfault 14464\n",
  "pids.current": "2\n",
  "pids.max": "1024\n",
  "cpu.pressure":
    "some avg10=1.25 avg60=0.50 avg300=0.11 total=987654\nfull avg10=1.00 avg60=0.40 avg300=0.09 total=876543\n",
  "memory.pressure":
    "some avg10=30.00 avg60=12.07 avg300=3.10 total=5000000\nfull avg10=28.44 avg60=11.50 avg300=2.98 total=4800000\n",
  "io.pressure":
    "some avg10=0.00 avg60=0.00 avg300=0.00 total=14\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
  "io.stat": "98:0 rbytes=0 wbytes=545259520 rios=0 wios=4255 dbytes=0 dios=0\n",
};
