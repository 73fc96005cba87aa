INSERT INTO steps VALUES ('walk', '2026-11-20', 'last', 'WARNING', 'message', '2026-11-20T18:00:00.000000000Z');
INSERT INTO derailments VALUES ('reading', '2026-11-20', '2026-11-21T04:59:59.000000000Z', NULL, 5000000, 'datapoint');
