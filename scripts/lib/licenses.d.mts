/** The text of a file for users: every package that kpod's bundles hold, with its licence. */
export function thirdPartyText(root: string): Promise<string>;

/** What is known of the licences of the engine, which becomes part of an executable. */
export function engineLicence(root: string): string;
