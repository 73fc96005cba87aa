UPDATE notifications SET channels = '["console"]';
