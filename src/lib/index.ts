/** libkpod: the pods and containers of a CRI-O node, without any daemon. */
export type * from "./cgroups/counters";
export * from "./config";
export { ContainerServer, type ImageContext, type ServerOptions } from "./container-server";
export { ContainerLists, type ContainerFilter } from "./container-lists";
export { KpodError, type ErrorCode, type ErrorDetails } from "./errors";
export { imageData, type ImageData } from "./images/data";
export { imageHistory, type ImageHistoryEntry } from "./images/history";
export { listImages, type ListedImage } from "./images/list";
export {
  loggedInUser,
  loginToRegistry,
  logoutFromRegistry,
  type Login,
  type LoginConfig,
  type LoginOptions,
} from "./images/login";
export { loadImages, loadImagesFrom, type LoadedImage, type LoadOptions } from "./images/load";
export type { PreparedImage, PrepareOptions } from "./images/ask-registries";
export type { PulledImage, PullOptions, PullPolicy } from "./images/pull";
export type { PushOptions } from "./images/push";
export type { RegistryAccess } from "./images/registry-access";
export type { SaveOptions } from "./images/save";
export type { TransferConfig, TransferProgress } from "./images/skopeo";
export { Registrar } from "./names/registrar";
export { TruncIndex } from "./names/trunc-index";
export { downKube } from "./kube/down";
export { nodeFacts, type NodeFacts } from "./kube/facts";
export { generateKube, type GeneratedKube, type KubeChoice } from "./kube/generate";
export { planKube, podsOfFile, type KubeFile, type KubePlan, type KubePodName } from "./kube/objects";
export { playKube, type PlayOptions } from "./kube/play";
export type { KubePod } from "./kube/pod";
export { createPodContainer } from "./launch/container";
export type { ContainerOptions, VolumeOption } from "./launch/container-options";
export { startContainer } from "./launch/create";
export { debugContainer, type DebugOptions } from "./launch/debug";
export { restoreContainer, type RestoreOptions } from "./launch/restore";
export { restoreArchive, type RestoreArchiveOptions } from "./launch/restore-archive";
export type { LaunchPull } from "./launch/image";
export type { PodNetwork, PodNetworkOptions } from "./launch/plan-network";
export type { PodOptions } from "./launch/plan-pod";
export { runPodSandbox } from "./launch/pod";
export { parseUserNamespace, type UserNamespaceRequest } from "./launch/user-range";
export type { HostAlias, PodDns } from "./launch/pod-files";
export {
  createContainer,
  runAttached,
  runContainer,
  type Foreground,
  type ForegroundStreams,
  type RunOptions,
  type RunResult,
} from "./launch/run";
export { restartContainer, startAgain, startAttached, type StartOptions } from "./launch/start-again";
export { silentLogger, type Logger } from "./logger";
export type { LineView, LineVisitor, LogLine, LogStream } from "./logs/log-line";
export type { LogTime } from "./logs/log-time";
export type { LogPace } from "./logs/read-log";
export { Container, type ContainerIdentity } from "./oci/container";
export {
  Runtime,
  type CreateOptions,
  type RuntimeConfig as RuntimeOptions,
  type RuntimeLimits,
} from "./oci/runtime";
export type * from "./oci/spec";
export type { ContainerState, ContainerStatus } from "./oci/state/container-state";
export type { ContainerData } from "./operations/container-data";
export type { ContainerProcess } from "./operations/top";
export type { ResourceChanges } from "./operations/update";
export {
  containerFilter,
  openContainerFilter,
  parseContainerFilters,
  type ContainerFilterKey,
  type ContainerFilterTerm,
  type ContainerFilterWorld,
} from "./operations/filter-containers";
export {
  parseSandboxFilters,
  sandboxFilter,
  type NetworksOf,
  type SandboxFilterKey,
  type SandboxFilterTerm,
  type SandboxRead,
} from "./operations/filter-sandboxes";
export {
  openImageFilter,
  parseImageFilters,
  type ImageFilterKey,
  type ImageFilterTerm,
} from "./operations/filter-images";
export type { FilterTerm } from "./operations/filter-terms";
export type { CopyDestination, CopyOptions, CopyPlace, CopyResult, CopySource } from "./operations/copy";
export type { ExecStreams } from "./oci/runtime/exec";
export type { ExecInput, ExecOutput } from "./oci/runtime/exec-streams";
export {
  attachToContainer,
  type AttachEnd,
  type AttachInput,
  type AttachOptions,
  type AttachStreams,
} from "./operations/attach";
export type { AttachWindow } from "./operations/follow-size";
export { checkpointContainer, type CheckpointOptions } from "./operations/checkpoint";
export { nodeEvents, type EventOptions } from "./operations/events";
export {
  eventFilter,
  parseEventFilters,
  type EventFilterKey,
  type EventFilterTerm,
} from "./operations/filter-events";
export type { EventStatus, EventType, NodeEvent } from "./events/event";
export { execInContainer, type ExecOptions } from "./operations/exec";
export type { ExportOptions } from "./operations/export";
export { readContainerLog, type LogOptions } from "./operations/logs";
export type { MountedFileSystem } from "./operations/mounts";
export { compareNodeStates, type StateDifference, type StatePart } from "./operations/compare-node-states";
export {
  nodeState,
  readNodeState,
  type ContainerStateAt,
  type ImageState,
  type LayerState,
  type NetworkState,
  type NodeState,
  type PodState,
} from "./operations/node-state";
export type { ListenAddress } from "./network/forward";
export { reopenLog } from "./operations/reopen-log";
export type { Attempt } from "./names/attempts";
export { forwardPorts, type PortForward, type PortForwardOptions } from "./operations/port-forward";
export { checkNetworks, type NetworkProblem } from "./operations/network-check";
export { podNetworkNames, type PodNetworkData } from "./operations/network-data";
export {
  listNetworks,
  networkData,
  type NetworkData,
  type NetworkRow,
  type SubnetUse,
} from "./operations/networks";
export { reloadPodNetwork, type ReloadedNetwork } from "./operations/reload-network";
export { podData, type PodData } from "./operations/pod-data";
export { storeUsage, type UsageRow, type UsedSpace } from "./operations/store-usage";
export {
  planPrune,
  prune,
  type Prunable,
  type PruneOptions,
  type PrunePlan,
} from "./operations/prune-system";
export { prunableImages } from "./operations/prune-images";
export { chosenChecks, chosenFindings } from "./doctor/choose";
export type { Check } from "./doctor/check";
export { examine, type ExamineOptions } from "./doctor/examine";
export type { Examination, Finding, Forecast } from "./doctor/finding";
export { Journal, readJournals, type JournalText } from "./doctor/mend/journal";
export { endUnfinished, mendFinding, undoJournal, type Ended, type Undone } from "./doctor/mend/mend";
export { explain, type ExplainOptions } from "./doctor/why/explain";
export type { ExplainedContainer, ExplainedExit, Explanation } from "./doctor/why/explanation";
export type { MemoryTrouble } from "./doctor/why/memory";
export { writeReport, type Report, type ReportOptions } from "./operations/report";
export { renameContainer, type RenameStep } from "./operations/rename";
export { containerSizes, type ContainerSizes } from "./operations/sizes";
export type { ContainerStateData } from "./operations/container-state-data";
export { selectForStats, type StatsRequest, type StatsSelection } from "./operations/stats-selection";
export type {
  ContainerStats,
  LibcontainerStats,
  ProcessorMark,
  StatsValues,
} from "./operations/stats-values";
export { watchStats, type NamedStats, type StatsPart, type WatchOptions } from "./operations/stats-watch";
export { waitForExit } from "./operations/wait";
export { Sandbox, type PortMapping, type SandboxIdentity, type SandboxState } from "./sandbox/sandbox";
export type { LaunchParts, ServerParts, ServerView } from "./server-parts";
export type { ChangeKind, FileChange } from "./storage/change-runs";
export type { ContainerMetadata } from "./storage/container-metadata";
export { isStorageId, newStorageId, type StorageId } from "./names/ids";
export type { RemovedImage } from "./storage/image-removal";
export { ImageServer, type ImageResult } from "./images/image-server";
export { LockBudget, type LockClock } from "./storage/lock-budget";
export type { ContainerRecord, ImageRecord, LayerRecord, StorageRecord } from "./storage/records";
export {
  RuntimeServer,
  type ContainerInfo,
  type NewPodContainer,
  type NewPodSandbox,
} from "./storage/runtime-server";
export { Store, type NewContainer, type StoreConfig, type StoreOptions } from "./storage/store";
export type { NetworkInterface } from "./system/net-dev";
