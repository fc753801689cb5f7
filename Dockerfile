# Every app of the product in one image; the command chooses which. Node runs the TypeScript as it is: there is no build step.
FROM node:24.21.0-slim AS packages
ENV CI=true
WORKDIR /app
COPY . .
RUN npx --yes pnpm@12.21.0 install --prod --frozen-lockfile \
    --filter '@vibetribe/api...' \
    --filter '@vibetribe/publisher...' \
    --filter '@vibetribe/cron...' \
    --filter '@vibetribe/migrate...' \
    --filter '@vibetribe/sandbox...'

FROM node:24.21.0-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=packages /app /app
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
CMD ["node", "apps/api/src/main.ts"]
