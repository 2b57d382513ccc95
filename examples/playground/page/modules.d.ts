/** Made by build.mjs from the packs and the examples beside this folder. */
declare module "playground:examples" {
  const examples: readonly { name: string; title: string; policy: string; cases: string }[];
  export default examples;
}
