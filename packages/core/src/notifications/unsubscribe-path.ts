/** Below the public address. */
export const unsubscribePath = '/unsubscribe';
