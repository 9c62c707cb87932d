module.exports = {
  testEnvironment: "node",
  testMatch: ["<rootDir>/test/**/*.test.ts"],
  // Those run in a virtual machine: npm run test:node.
  testPathIgnorePatterns: ["/node_modules/", "<rootDir>/test/node/"],
  transform: { "\\.[cm]?[jt]s$": "<rootDir>/test/helpers/transform.cjs" },
  // chalk and execa are published as ES modules only, and jest runs CommonJS.
  transformIgnorePatterns: ["/node_modules/(koffi|@koromix)/"],
  // execa needs it, and it exports itself to ES modules alone.
  moduleNameMapper: { "^unicorn-magic$": "<rootDir>/node_modules/unicorn-magic/node.js" },
  testTimeout: 120_000,
};
