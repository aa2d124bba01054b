/** @file Whether addresses have been handed out that a kernel is yet to use: until it has run their memory must stay where it is. */
export const inFlight = { addresses: false };
