/**
 * What is read-only at the top of every writable root unless the policy's `unprotected` names it: files by which others are made to run code later, outside of
 * the sandbox. The same list as `PROTECTED_NAMES` in fpl-grammar/blocks.ts.
 */
export const PROTECTED_NAMES: readonly string[] = [
  ".git/hooks",
  ".git/config",
  ".gitconfig",
  ".envrc",
  ".vscode",
  ".idea",
  ".mcp.json",
  ".claude",
  ".cursor",
  ".ssh",
  ".profile",
  ".bashrc",
  ".bash_profile",
  ".bash_login",
  ".bash_logout",
  ".zshrc",
  ".zshenv",
  ".zprofile",
  ".zlogin",
];
