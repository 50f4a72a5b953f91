/** Values survive byte for byte, by copy and by events, whatever the sessions involved print by default. */
import { describeItems } from './describe-items.js';
import type { Item, Items } from './item.js';

/**
 * Settings that print what another session reads in another way, or not at all. Where there are but two values, the databases
 * have one each and the writer the one that its database has not; `standard_conforming_strings`, by which it reads the texts
 * below, is on for it.
 */
const sessions = {
  provider: [
    `datestyle = 'SQL, DMY'`,
    `timezone = 'Asia/Kathmandu'`,
    `bytea_output = 'escape'`,
    'extra_float_digits = -15',
    `intervalstyle = 'sql_standard'`,
    'standard_conforming_strings = off',
    `lc_monetary = 'C'`,
    `xmloption = 'document'`,
    'array_nulls = off',
  ],
  subscriber: [
    `datestyle = 'German'`,
    `timezone = 'America/St_Johns'`,
    'extra_float_digits = 0',
    `bytea_output = 'hex'`,
    `intervalstyle = 'postgres_verbose'`,
    'standard_conforming_strings = on',
    `xmloption = 'document'`,
    'array_nulls = off',
  ],
  writer: `set datestyle = 'Postgres, YMD'; set timezone = 'Pacific/Chatham'; set bytea_output = hex; set extra_float_digits = -3; set intervalstyle = iso_8601;
    set standard_conforming_strings = on; set array_nulls = on; set xmloption = content`,
};

/** A table with all values of a type beside its key. */
function values(type: string, ...literals: string[]): Item {
  const all = ['null', ...literals];
  return {
    tables: `create table t (id int primary key, x ${type}, more ${type}[])`,
    rows: all
      .map((literal, n) => `insert into t values (${n}, ${literal}, array[${literal}, null]::${type}[])`)
      .join('; '),
    writes: [
      `update t set id = -id`,
      `update t a set x = b.x from t b where b.id = -(-a.id + 1) % ${all.length}`,
      `do $$ begin update t set more = more || x; update t set more = array[[null, x], [x, x]]; end $$`,
    ],
  };
}

/** A table whose key is of the type. */
function keys(type: string, ...literals: string[]): Item {
  const [first = '', second = ''] = literals;
  return {
    tables: `create table t (v text, more ${type}[], x ${type} primary key)`,
    rows: literals
      .map((literal) => `insert into t values ('old', array[${literal}, null]::${type}[], ${literal})`)
      .join('; '),
    writes: [
      `update t set v = 'new'; delete from t where x = ${first}; update t set x = ${first}, v = 'moved' where x = ${second}`,
      `do $$ begin delete from t where x = ${first}; insert into t values ('again', null, ${second}); update t set v = v || '!', more = array[[null, x], [x, x]]; end $$`,
      `delete from t where x <> ${second}`,
    ],
  };
}

const everyByte = `decode('${Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, '0')).join('')}', 'hex')`;

const items: Items = {
  float8: keys(
    'float8',
    `'NaN'`,
    `'Infinity'`,
    `'-Infinity'`,
    '-0.0::float8',
    '1.7976931348623157e308',
    '2.2250738585072014e-308',
    '4.94065645841246544e-324',
    '0.1::float8 + 0.2',
    '1e15 + 0.3',
    '9007199254740993',
  ),
  float4: keys('float4', `'NaN'`, `'-Infinity'`, '3.4028235e38', '1.4e-45', '0.1', '16777217', '1.00000012'),
  numeric: keys(
    'numeric',
    `'NaN'`,
    `'Infinity'`,
    `'-Infinity'`,
    '1.50',
    '-0.000',
    `1e-16383`,
    `repeat('9', 1000)::numeric`,
    '123456789012345678901234567890.12345678901234567890',
  ),
  'numeric of a scale': values('numeric(10, 3)', '1.5', '-9999999.999', '0.0004'),
  'whole numbers': keys('int8', '9223372036854775807', '-9223372036854775808', '0'),
  'small numbers': keys('int2', '32767', '-32768'),
  date: keys(
    'date',
    `'infinity'`,
    `'-infinity'`,
    `'4713-01-01 BC'`,
    `'0044-03-15 BC'`,
    `'5874897-12-31'`,
    `'2020-02-29'`,
    `'0001-02-03'`,
  ),
  timestamp: keys(
    'timestamp',
    `'infinity'`,
    `'-infinity'`,
    `'4713-01-01 00:00:00 BC'`,
    `'294276-12-31 23:59:59.999999'`,
    `'2020-03-04 05:06:07.000001'`,
  ),
  timestamptz: keys(
    'timestamptz',
    `'infinity'`,
    `'-infinity'`,
    `'4713-01-02 00:00:00+00 BC'`,
    `'294276-12-31 23:59:59.999999+00'`,
    `'2020-10-25 01:30:00+01'`,
    `'2020-10-25 01:30:00+02'`,
    `'1880-01-01 00:00:00+00:01:15'`,
  ),
  time: keys('time', `'24:00:00'`, `'00:00:00.000001'`),
  timetz: keys('timetz', `'24:00:00-15:59:59'`, `'12:34:56.789+05:45'`),
  interval: keys(
    'interval',
    `'-178000000 years'`,
    `'1 mon -1 day 00:00:00.000001'`,
    `'-1 mon +2 days -00:00:01'`,
    `'178000000 years 11 mons'`,
    `'00:00:00'`,
    `'1 day 25:59:59.5'`,
  ),
  bytea: keys(
    'bytea',
    everyByte,
    `''::bytea`,
    `'\\x5c'::bytea`,
    `'\\x22'::bytea`,
    `'\\x00'::bytea`,
    `'\\x5c303030'::bytea`,
  ),
  text: keys(
    'text',
    `''`,
    `' '`,
    `'\\'`,
    `'\\\\'`,
    `'"'`,
    `''''`,
    `E'\\n'`,
    `E'\\r\\n'`,
    `E'\\t'`,
    `E'\\b\\f\\v\\x01\\x7f'`,
    `'\\N'`,
    `'\\.'`,
    `'null'`,
    `'NULL'`,
    `'{}'`,
    `'{a,"b"}'`,
    `'(1,2)'`,
    `','`,
    `'é😀\u202e\ufeff'`,
    `'\\x00'`,
    `'$1 %s'`,
  ),
  'text of 10 MB': {
    tables: 'create table t (id int primary key, x text)',
    rows: `insert into t values (1, repeat('\\"''', 3400000) || E'\\n')`,
    writes: ['update t set id = id + 10', `update t set x = x || '.'`],
  },
  varchar: keys('varchar(3)', `''`, `'a  '`, `'äöü'`),
  'char(n)': keys('char(5)', `''`, `'a'`, `'b  '`, `'ccccc'`, `' d'`, `'äöü'`),
  '"char" and name': keys('"char"', `'a'`, `''`, `'\\'`, `'"'`),
  boolean: keys('bool', 'true', 'false'),
  json: values(
    'json',
    `'{"a":1,  "a":2, "b":"\\u0041\\n"}'`,
    `'null'`,
    `'""'`,
    `' [1.0, 1e400] '`,
    `'{"\\"": "\\\\"}'`,
  ),
  jsonb: keys('jsonb', `'{"a":1, "a":2}'`, `'null'`, `'""'`, `'1.00'`, `'[1e400, "\\u00e4\\\\"]'`, `'{}'`),
  xml: values(
    'xml',
    `'<?xml version="1.0"?><a b="c">&amp;<![CDATA[<"]]></a>'`,
    `'just text, <b/> no document'`,
    `''`,
  ),
  tsvector: keys('tsvector', `'''a b'':1A,2 ''\\\\c'':3B ''d'''`, `''`, `'''it''''s'''`),
  tsquery: keys('tsquery', `'''a b'':A & !(''c'' <-> ''d'':*)'`, `''`),
  'bit strings': keys('bit varying', `B''`, `B'0'`, `B'00'`, `B'10101010101'`),
  'bits of a length': values('bit(5)', `B'10101'`, `B'00000'`),
  money: keys('money', `'-92233720368547758.08'`, `'92233720368547758.07'`, `'0.01'`, `'-0.50'`),
  uuid: keys('uuid', `'00000000-0000-0000-0000-000000000000'`, `'ffffffff-ffff-ffff-ffff-ffffffffffff'`),
  'inet, cidr': keys('inet', `'10.0.0.1/8'`, `'10.0.0.1'`, `'::1/128'`, `'::ffff:1.2.3.4/96'`),
  geometry: values('path', `'((0,-0),(1e-300,NaN))'`, `'[(0.1,0.2),(Infinity,1)]'`),
  'ranges of dates': keys(
    'daterange',
    `'empty'`,
    `'(,)'`,
    `'[infinity,)'`,
    `'[2020-01-01,2020-02-01]'`,
    `'[0044-03-15 BC,)'`,
  ),
  'ranges of moments': keys(
    'tstzrange',
    `'["2020-01-01 00:00+14",infinity]'`,
    `'(,"2020-01-01 00:00:00.000001+00")'`,
  ),
  'arrays of arrays with nulls': {
    ...values('int', '1'),
    tables: 'create table t (id int primary key, x int, more int[])',
    writes: [
      `update t set more = '{{{1,NULL},{NULL,2}},{{3,4},{5,6}}}'`,
      `update t set more = '[-1:0][5:6]={{1,2},{3,NULL}}'`,
      `update t set more = '{}'`,
      `update t set more = '{NULL}'`,
      `update t set more = array_fill(null::int, array[2, 2])`,
    ],
  },
};

describeItems(items, sessions);
