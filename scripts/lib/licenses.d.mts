/** The text of a file for users: every package that kpod's bundles hold, with its licence. */
export function thirdPartyText(root: string): Promise<string>;

/** The licence of the node that becomes part of an executable, or where it can be read. */
export function nodeLicence(): string;
