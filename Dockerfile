# Shrike in one image: trains, evaluates and serves. What it needs at run time is a bundle and nothing to write to.
#   docker build -t shrike .
#   docker run --read-only -e SHRIKE_API_KEYS=... -v "$PWD:/model:ro" -p 8000:8000 shrike

# The minor version that the tests run with, so that a rebuild brings patches and no surprises. Pin a digest if you must
# be able to build the same bytes again.
ARG NODE_VERSION=24.21

# Install scripts stay off: the only one would fetch the Node that this image already has.
FROM node:${NODE_VERSION}-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
COPY client/package.json client/
COPY console/package.json console/
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY src src
COPY client client
COPY console console
COPY deploy/package deploy/package
RUN npm run build

# Source maps, type declarations and all but one of echarts' bundles are half of the packages, and Node never loads them.
FROM node:${NODE_VERSION}-slim AS dependencies
WORKDIR /dependencies
COPY package.json package-lock.json .npmrc ./
COPY client/package.json client/
COPY console/package.json console/
RUN npm ci --ignore-scripts --omit=dev \
 && rm -rf node_modules/shrike-client node_modules/shrike-console \
 && find node_modules/echarts/dist -type f ! -name echarts.esm.min.mjs -delete \
 && find node_modules -type f '(' -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' ')' -delete

FROM node:${NODE_VERSION}-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json LICENSE ./
COPY bin bin
COPY detectors detectors
COPY --from=dependencies /dependencies/node_modules node_modules
COPY --from=build /build/dist dist
COPY --from=build /build/console/dist console/dist

# The image's user `node`, by number, since some orchestrators refuse to trust a name.
USER 1000:1000
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8000/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/bin/shrike.js"]
CMD ["serve", "/model/shrike-model.safetensors", "--host", "0.0.0.0", "--port", "8000"]
