/** Image of containers that our own small server stands for; see app.ts. */
export const APP_IMAGE = 'meshfleet/app:1';
