/**
 * Bring one state's county codes into their normal form: digits with their leading zeros, names in capitals with single
 * spaces, each code once. What has no normal form is set aside with its place in the list and the reason.
 *
 * It needs nothing but the language, so the same file runs in Lambda (nodejs22.x) and under any node.
 */

export class CodesInvalid extends Error {
  name = "CodesInvalid"; // what the state machine sees as the error
}

/**
 * @param {{state_code: string|number, counties: {county_code: string|number, county: string}[]}} event one state
 * @returns {Promise<{state_code: string, accepted: number, counties: object[], rejected: object[]}>} each county with
 *   `county_fips` (state and county code, five digits), `state_code`, `county_code` and `county`, in the order of the codes
 * @throws {CodesInvalid} the event is not a state with a list of counties
 */
export const handler = async (event) => {
  const state = digits(event?.state_code, 2);
  if (state === null || !Array.isArray(event.counties)) {
    throw new CodesInvalid('expected {"state_code": "<two digits>", "counties": [{"county_code": ..., "county": ...}]}');
  }
  const named = new Map();
  const rejected = [];
  event.counties.forEach((given, index) => {
    const code = digits(given?.county_code, 3);
    const county = words(given?.county);
    const reason = reasonAgainst(code, county, named);
    if (reason) rejected.push({ index, reason });
    else named.set(code, county);
  });
  const counties = [...named].sort(([one], [other]) => (one < other ? -1 : 1)).map(([code, county]) => record(state, code, county));
  return { state_code: state, accepted: counties.length, counties, rejected };
};

const record = (state, code, county) => ({ county_fips: state + code, state_code: state, county_code: code, county });

/** Why the county cannot be taken, if so. The first of two names for one code stays. */
const reasonAgainst = (code, county, named) => {
  if (code === null || code === "000") return "county_code is not a number from 1 to 999";
  if (county === "") return "county is blank";
  if (named.has(code)) return named.get(code) === county ? "repeated" : `${code} is already ${named.get(code)}`;
  return null;
};

/** The digits with leading zeros, or null. */
const digits = (given, length) => {
  const text = String(given ?? "").trim();
  return /^\d+$/.test(text) && text.length <= length ? text.padStart(length, "0") : null;
};

const words = (given) => (typeof given === "string" ? given.trim().replace(/\s+/g, " ").toUpperCase() : "");
