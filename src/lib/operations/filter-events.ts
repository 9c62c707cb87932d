import type { NodeEvent } from "../events/event";
import { eventStatuses, eventTypes } from "../events/event";
import { namePartsOf } from "../names/full-names";
import type { ContainerLists } from "../container-lists";
import { hasLabel, labelRule, matchesTerms, oneOf, parseFilterTerms, type FilterTerm } from "./filter-terms";

/** By what events can be filtered. */
const eventFilterKeys = ["container", "event", "image", "label", "pod", "type"] as const;

/** By what events can be filtered. */
export type EventFilterKey = (typeof eventFilterKeys)[number];
/** A condition that events have to fulfil. */
export type EventFilterTerm = FilterTerm<EventFilterKey>;

/** docker's words for what podman and kpod call otherwise. */
const otherWords: Readonly<Record<string, string>> = { die: "died", destroy: "remove", exited: "died" };

/**
 * Reads conditions for events, as podman takes them: `container=web`, `event=died`.
 * @throws KpodError BAD_ARGUMENT
 */
export function parseEventFilters(texts: readonly string[]): EventFilterTerm[] {
  const terms = parseFilterTerms(texts, eventFilterKeys, (key, value) => {
    if (key === "label") return labelRule(value);
    if (key === "type") return eventTypes.some((type) => type === value) ? undefined : oneOf(eventTypes);
    if (key !== "event") return undefined;
    return eventStatuses.some((status) => status === wordOf(value)) ? undefined : oneOf(eventStatuses);
  });
  return terms.map((term) => (term.key === "event" ? { ...term, value: wordOf(term.value) } : term));
}

function wordOf(value: string): string {
  return otherWords[value] ?? value;
}

/**
 * The filter that conditions make: those of one key are alternatives, of different keys all must hold. Of several labels,
 * too, one is enough.
 * @param lists know the names of pods
 */
export function eventFilter(
  terms: readonly EventFilterTerm[],
  lists: Pick<ContainerLists, "getSandbox">,
): (event: NodeEvent) => boolean {
  return matchesTerms(terms, (event, { key, value }) => tests[key](event, value, lists), []);
}

type Test = (event: NodeEvent, value: string, lists: Pick<ContainerLists, "getSandbox">) => boolean;

const tests: Readonly<Record<EventFilterKey, Test>> = {
  container: ({ type, id, name, labels, attributes }, value) =>
    type === "container" &&
    (id.startsWith(value) ||
      [name, attributes.oldName, labels["io.kubernetes.container.name"]].includes(value) ||
      namePartsOf(name)?.container === value),
  event: ({ status }, value) => status === value,
  image: ({ type, id, name, image }, value) => {
    const names = type === "image" ? [name] : [image];
    return (type === "image" && id.startsWith(value)) || names.some((each) => isImageNamed(each, value));
  },
  label: ({ labels }, value) => hasLabel(labels, value),
  pod: ({ type, podId, name, labels }, value, lists) => {
    if (type === "image") return false;
    const sandbox = lists.getSandbox(podId);
    const podName = type === "pod" ? name : (labels["io.kubernetes.pod.name"] ?? sandbox?.kubeName ?? "");
    return podId.startsWith(value) || [podName, sandbox?.name].includes(value);
  },
  type: ({ type }, value) => type === value,
};

/** True for a name in full, without its tag, or by the last of its words: `busybox` for `docker.io/library/busybox:latest`. */
function isImageNamed(name: string, wanted: string): boolean {
  if (name === "" || name === wanted) return name === wanted;
  const untagged = name.replace(/(?::[^:/]+|@.*)$/, "");
  return [name, untagged].some((each) => each === wanted || each.endsWith(`/${wanted}`));
}
