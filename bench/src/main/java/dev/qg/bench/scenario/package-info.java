/** What is measured: a class for each scenario, with who takes part and which ratios count. */
package dev.qg.bench.scenario;
