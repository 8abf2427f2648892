export const CLUSTER_ID = 'simulated'
