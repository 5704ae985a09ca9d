/** An empty Worker, to measure the start of a process. */
export default {
  fetch(): Response {
    return new Response('{}');
  },
} satisfies ExportedHandler;
