import { escapeControl } from "../../../format/escape";
import { displayId } from "../../../format/id";
import { stateParts, type StateDifference } from "../../../lib/operations/compare-node-states";

const marks = { added: "+", removed: "-", changed: "~" } as const;

/** How differences are shown. */
interface Style {
  readonly noTrunc: boolean;
}

/** The differences part by part; nothing where there is none. */
export function differencesText(differences: readonly StateDifference[], style: Style): string {
  const parts = stateParts.flatMap((part) => {
    const ofPart = differences.filter((difference) => difference.part === part);
    if (ofPart.length === 0) return [];
    const lines =
      part === "layers" && !style.noTrunc ? [countLine(ofPart)] : ofPart.map((each) => line(each, style));
    return [`${part}:\n${lines.join("")}`];
  });
  return parts.join("");
}

/** An image that is pulled anew brings a dozen of them, of which the ids tell nobody anything. */
function countLine(layers: readonly StateDifference[]): string {
  const counts = (["added", "removed", "changed"] as const)
    .map((kind) => [marks[kind], layers.filter((layer) => layer.kind === kind).length] as const)
    .filter(([, count]) => count > 0);
  return `  ${counts.map(([mark, count]) => `${mark} ${count}`).join("  ")}\n`;
}

function line({ kind, name, fields }: StateDifference, style: Style): string {
  const start = `  ${marks[kind]} ${shown(name, style)}`;
  const texts = fields
    .filter(({ before, after }) => (after ?? before) !== "")
    .map(({ field, before, after }) => {
      const label = field === "value" ? "" : `${field} `;
      if (kind === "changed") return `${label}${valueText(before, style)} -> ${valueText(after, style)}`;
      return `${label}${valueText(after ?? before, style)}`;
    });
  return texts.length === 0 ? `${start}\n` : `${start}: ${texts.join(", ")}\n`;
}

function valueText(value: string | null, style: Style): string {
  if (value === null) return "nothing";
  return value === "" ? '""' : shown(value, style);
}

/** With the ids in it, and digests, as short as they are elsewhere. */
function shown(text: string, { noTrunc }: Style): string {
  return escapeControl(text.replace(/[0-9a-f]{64}/g, (id) => displayId(id, { noTrunc })));
}
