import { escapeControl } from "../../../format/escape";
import { displayId } from "../../../format/id";
import { Stringer } from "../../../format/template/index";
import { humanAgo, timeText } from "../../../format/units";
import type { NetworksOf } from "../../../lib/operations/filter-sandboxes";
import type { Sandbox } from "../../../lib/sandbox/sandbox";
import { podLabels, podState, runningText } from "./rows";
import type { Listing } from "../../shared/listing";
import { withSecondNames } from "../../shared/output-format";
import { labelMethod, labelsText, withMethod } from "../../shared/template-labels";

/** Headings of `table …` that are not the field's name in words. */
export const podHeadings: Readonly<Record<string, string>> = {
  ID: "POD ID",
  KubeName: "NAME",
  Namespace: "K8S NAMESPACE",
  InfraContainerID: "INFRA CONTAINER ID",
};

/** A pod as templates of `pod ps` see it; a field is made when a template asks for it. */
export function templatePod(
  listing: Listing,
  sandbox: Sandbox,
  networks: NetworksOf = () => [],
): Readonly<Record<string, unknown>> {
  const { noTrunc, now } = listing;
  const { createdAt } = sandbox.infraContainer;
  const fields = {
    ID: displayId(sandbox.id, { noTrunc }),
    Name: escapeControl(sandbox.name),
    KubeName: escapeControl(sandbox.kubeName),
    Namespace: escapeControl(sandbox.namespace),
    UID: escapeControl(sandbox.uid),
    Attempt: sandbox.attempt,
    get State() {
      return podState(listing, sandbox);
    },
    CreatedAt: timeText(createdAt),
    Created: humanAgo(createdAt.getTime(), now),
    get Labels() {
      const labels = podLabels(listing, sandbox);
      return new Stringer(new Map(Object.entries(labels)), escapeControl(labelsText(labels)));
    },
    InfraContainerID: displayId(sandbox.infraContainer.id, { noTrunc }),
    NumberOfContainers: sandbox.containers().length,
    Running: runningText(sandbox),
    Containers: sandbox.containers().map(({ id, name, state }) => ({
      ID: displayId(id, { noTrunc }),
      Name: escapeControl(name),
      State: state?.status ?? "unknown",
    })),
    get Networks() {
      const names = networks(sandbox);
      return new Stringer(names, escapeControl(names.join(",")));
    },
  };
  const named = withSecondNames(fields, secondNames);
  return withMethod(
    named,
    "Label",
    labelMethod(() => podLabels(listing, sandbox)),
  );
}

/** What podman calls some of the fields. */
const secondNames = { InfraID: "InfraContainerID", Status: "State" } as const;
