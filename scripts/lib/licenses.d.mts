/**
 * The text of a file for users: every package that kpod's bundles hold, with its licence.
 * @param options.addon also that of the native addon, which the executable has no need of
 */
export function thirdPartyText(root: string, options?: { readonly addon?: boolean }): Promise<string>;

/** What is known of the licences of the engine, which becomes part of an executable. */
export function engineLicence(root: string): string;
