# Golden values from R, where it says more than scipy: exact rank tests with ties (coin), exact intervals
# (wilcox.test), p.adjust, power.t.test, lm, and profile intervals of nls.
#
#   apt-get install r-base-core r-cran-coin r-cran-jsonlite
#   Rscript harness/stats/tests/golden/make.R harness/stats/tests/golden
suppressPackageStartupMessages({library(coin); library(jsonlite)})
folder <- commandArgs(trailingOnly = TRUE)[1]
set.seed(20261121)
write_cases <- function(name, cases) {
  made_by <- sprintf("tests/golden/make.R with R %s.%s, coin %s", R.version$major, R.version$minor, packageVersion("coin"))
  text <- toJSON(list(made_by = made_by, cases = cases), auto_unbox = TRUE, digits = NA, pretty = 1)
  writeLines(text, file.path(folder, paste0(name, ".json")))
}

rank_case <- function(name, x, y) {
  group <- factor(rep(c("x", "y"), c(length(x), length(y))))
  case <- list(name = name, first = x, second = y)
  case$coin_p <- as.numeric(pvalue(wilcox_test(c(x, y) ~ group, distribution = "exact")))
  case$pratt_p <- as.numeric(pvalue(wilcoxsign_test(x ~ y, distribution = "exact", zero.method = "Pratt")))
  d <- x - y
  if (!any(duplicated(c(x, y))) && !any(duplicated(abs(d)))) {
    two <- wilcox.test(x, y, conf.int = TRUE, exact = TRUE)
    one <- wilcox.test(d, conf.int = TRUE, exact = TRUE)
    case <- c(case, list(shift_point = unname(two$estimate), shift_low = two$conf.int[1], shift_high = two$conf.int[2],
                         paired_point = unname(one$estimate), paired_low = one$conf.int[1], paired_high = one$conf.int[2]))
  }
  case
}
write_cases("r_rank_tests", list(
  rank_case("normal, 6", rnorm(6, 0.5), rnorm(6)),
  rank_case("normal, 10", rnorm(10, 0.5), rnorm(10)),
  rank_case("normal, 15", rnorm(15, 0.5), rnorm(15)),
  rank_case("ties, 8", round(rnorm(8, 0.7)), round(rnorm(8))),
  rank_case("ties, 12", round(rnorm(12, 0.7) * 2) / 2, round(rnorm(12) * 2) / 2)))

write_cases("r_correction", lapply(c(3, 12), function(n) {
  p <- round(runif(n)^2, 4)
  list(p = p, holm = p.adjust(p, "holm"))
}))

write_cases("r_power", lapply(c(5, 8, 10, 15), function(n) {
  effect <- 0.03 / (0.02 * sqrt(2))
  list(n = n, effect = effect,
       power = power.t.test(n = n, delta = effect, sd = 1, type = "paired", strict = TRUE)$power)
}))

raced <- expand.grid(block = 0:6, cell = 0:4)
raced <- raced[raced$block < 3 | raced$cell != 3, ]
raced$value <- 2 + 0.02 * raced$cell + 0.01 * sin(raced$block) + rnorm(nrow(raced), 0, 0.015)
model <- lm(value ~ 0 + factor(cell) + factor(block), raced)
contrast <- function(first, second) {
  l <- rep(0, length(coef(model))); l[first + 1] <- 1; l[second + 1] <- -1
  point <- sum(l * coef(model)); se <- sqrt(drop(l %*% vcov(model) %*% l)); df <- model$df.residual
  list(cell = first, against = second, point = point, se = se, p = 2 * pt(-abs(point / se), df),
       low = point - qt(.975, df) * se, high = point + qt(.975, df) * se)
}
write_cases("r_additive", list(list(
  name = "raced, by lm", block = raced$block, cell = raced$cell, value = raced$value,
  residual = summary(model)$sigma, df = model$df.residual,
  contrasts = list(contrast(3, 0), contrast(4, 1), contrast(2, 3)))))

# Interior optimum, so that R's unbounded profile intervals and ours with floors at zero agree.
scaling <- data.frame(p = rep(c(1, 2, 4, 8, 16, 32), each = 4))
scaling$y <- log(800) + log(scaling$p) - log1p(0.08 * (scaling$p - 1) + 0.004 * scaling$p * (scaling$p - 1)) +
  rnorm(nrow(scaling), 0, 0.015)
law <- nls(y ~ single + log(p) - log1p(sigma * (p - 1) + kappa * p * (p - 1)), scaling,
           start = list(single = 6.7, sigma = 0.08, kappa = 0.004))
bounds <- suppressMessages(confint(law))
write_cases("r_scaling", list(list(
  p = scaling$p, x = exp(scaling$y), best = unname(coef(law)), residual = summary(law)$sigma,
  log_single = unname(bounds["single", ]), contention = unname(bounds["sigma", ]), coherency = unname(bounds["kappa", ]))))
