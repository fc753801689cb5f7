/** A path begins with a version; which ones there are: https://developers.facebook.com/docs/graph-api/changelog */
export const versionPath = '/:version(^v2[1-6]\\.0$)';
