// Works jobs with graphile-worker, for GraphileWorker.java; ChildProcess.java says how they talk.
//   node graphile-worker.cjs <where npm installed it> <url> <schema> migrate|work <jobs> <file>
const fs = require("node:fs");
const readline = require("node:readline");

const [home, connectionString, schema, verb, jobs, file] = process.argv.slice(2);
const { run, runMigrations, Logger } = require(require.resolve("graphile-worker", { paths: [home] }));

const times = new Uint8Array(Number(jobs));
let worked = 0;
let told = 0;

// As on https://worker.graphile.org/docs/performance, but for the size of the local queue.
const concurrentJobs = 24;
const preset = {
  worker: {
    connectionString,
    schema,
    concurrentJobs,
    maxPoolSize: concurrentJobs + 1,
    localQueue: { size: 2000, refetchDelay: { durationMs: 10 } },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
  },
};

const logger = new Logger(() => (level, message) => {
  if (level === "error" || level === "warning") console.error(message);
});

function report() {
  if (worked > told) {
    console.log(worked - told);
    told = worked;
  }
}

async function main() {
  if (verb === "migrate") {
    await runMigrations({ connectionString, schema, logger });
    console.log("ready");
    return;
  }
  const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  console.log("ready");
  await lines.next();
  const runner = await run({
    preset,
    logger,
    noHandleSignals: true,
    taskList: {
      bench: async ({ number }) => {
        times[number]++;
        worked++;
      },
    },
  });
  const reporter = setInterval(report, 5);
  await lines.next();
  clearInterval(reporter);
  await runner.stop();
  fs.writeFileSync(file, times);
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
