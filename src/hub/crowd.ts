/** Counts the open sockets of one hub by whose they are, and says who may have another. */
export interface Crowd {
  hasRoom(name: string): boolean;
  add(name: string, socket: WebSocket): void;
  remove(name: string, socket: WebSocket): void;
}

/** `max`: sockets of one name. In memory: filled again from the sockets themselves when the hub wakes. */
export function createCrowd(max: number): Crowd {
  const crowds = new Map<string, Set<WebSocket>>();

  return {
    hasRoom(name) {
      const crowd = crowds.get(name);
      if (crowd === undefined || crowd.size < max) return true;
      // A socket that was closed from here leaves when its peer says so, which it may never do.
      for (const socket of crowd) if (socket.readyState !== WebSocket.OPEN) crowd.delete(socket);
      return crowd.size < max;
    },
    add(name, socket) {
      const crowd = crowds.get(name) ?? new Set();
      crowds.set(name, crowd.add(socket));
    },
    remove(name, socket) {
      const crowd = crowds.get(name);
      crowd?.delete(socket);
      if (crowd?.size === 0) crowds.delete(name);
    },
  };
}
