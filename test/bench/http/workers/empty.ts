/** Nothing at all: what a Worker's process needs to start. */
export default {
  fetch(): Response {
    return new Response('{}');
  },
} satisfies ExportedHandler;
