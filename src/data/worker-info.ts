/** @file What a data set can ask about the worker it runs in. */

/**
 * What is known about the worker process that runs this; `null` outside of one, and so always here.
 * PyTorch: `torch.utils.data.get_worker_info`.
 */
export function getWorkerInfo(): null {
  return null;
}
