/** A module that workerd offers only to tests. https://github.com/cloudflare/workerd/blob/main/src/workerd/api/unsafe.h */
declare module 'workerd:unsafe' {
  const unsafe: { deleteAllDurableObjects(): Promise<void> };
  export default unsafe;
}
