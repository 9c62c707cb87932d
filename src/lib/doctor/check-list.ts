// Made by `npm run docs` from the files of src/lib/doctor/checks: changes here get lost.
import type { Check } from "./check";
import { check as cgroupLeft } from "./checks/cgroup-left";
import { check as clockBoot } from "./checks/clock-boot";
import { check as configConflict } from "./checks/config-conflict";
import { check as crioHung } from "./checks/crio-hung";
import { check as debugLeft } from "./checks/debug-left";
import { check as diskImages } from "./checks/disk-images";
import { check as diskLogs } from "./checks/disk-logs";
import { check as dstate } from "./checks/dstate";
import { check as execPiled } from "./checks/exec-piled";
import { check as frozen } from "./checks/frozen";
import { check as hostpidOrphan } from "./checks/hostpid-orphan";
import { check as hostportStale } from "./checks/hostport-stale";
import { check as imageBroken } from "./checks/image-broken";
import { check as layerIncomplete } from "./checks/layer-incomplete";
import { check as layerLost } from "./checks/layer-lost";
import { check as layerUnknown } from "./checks/layer-unknown";
import { check as layerUnowned } from "./checks/layer-unowned";
import { check as leaseLeaked } from "./checks/lease-leaked";
import { check as limits } from "./checks/limits";
import { check as linkLost } from "./checks/link-lost";
import { check as lockHeld } from "./checks/lock-held";
import { check as monitorDead } from "./checks/monitor-dead";
import { check as monitorOrphan } from "./checks/monitor-orphan";
import { check as mountHeldElsewhere } from "./checks/mount-held-elsewhere";
import { check as mountLeaked } from "./checks/mount-leaked";
import { check as mountNamespace } from "./checks/mount-namespace";
import { check as nameHeld } from "./checks/name-held";
import { check as netConfig } from "./checks/net-config";
import { check as oom } from "./checks/oom";
import { check as pidsLimit } from "./checks/pids-limit";
import { check as pinInvalid } from "./checks/pin-invalid";
import { check as pinLeft } from "./checks/pin-left";
import { check as pinShadowed } from "./checks/pin-shadowed";
import { check as podVolumes } from "./checks/pod-volumes";
import { check as pullStuck } from "./checks/pull-stuck";
import { check as recordCorrupt } from "./checks/record-corrupt";
import { check as relabelSlow } from "./checks/relabel-slow";
import { check as runFull } from "./checks/run-full";
import { check as scopeLeft } from "./checks/scope-left";
import { check as stateStale } from "./checks/state-stale";
import { check as tempLeft } from "./checks/temp-left";
import { check as unfinished } from "./checks/unfinished";
import { check as wipeAhead } from "./checks/wipe-ahead";

/** All checks, in the order in which they are made. */
export const checks: readonly Check[] = [
  cgroupLeft,
  clockBoot,
  configConflict,
  crioHung,
  debugLeft,
  diskImages,
  diskLogs,
  dstate,
  execPiled,
  frozen,
  hostpidOrphan,
  hostportStale,
  imageBroken,
  layerIncomplete,
  layerLost,
  layerUnknown,
  layerUnowned,
  leaseLeaked,
  limits,
  linkLost,
  lockHeld,
  monitorDead,
  monitorOrphan,
  mountHeldElsewhere,
  mountLeaked,
  mountNamespace,
  nameHeld,
  netConfig,
  oom,
  pidsLimit,
  pinInvalid,
  pinLeft,
  pinShadowed,
  podVolumes,
  pullStuck,
  recordCorrupt,
  relabelSlow,
  runFull,
  scopeLeft,
  stateStale,
  tempLeft,
  unfinished,
  wipeAhead,
].sort((a, b) => a.rank - b.rank);
